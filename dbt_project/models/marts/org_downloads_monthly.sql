{{ group_downloads_monthly('org') }}
