{{ group_downloads_monthly('family') }}
