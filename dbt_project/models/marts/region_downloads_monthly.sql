{{ group_downloads_monthly('region') }}
