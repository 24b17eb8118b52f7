{{ group_downloads_monthly('size_bucket') }}
