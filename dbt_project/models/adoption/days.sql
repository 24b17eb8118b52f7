with read_days as (
    select day from {{ ref('hub_read_days') }}

    union all

    -- Models that discovery found before or after any read day have readings there too.
    select day from {{ ref('dated_readings') }}
),

final as (
    select day from (
        {{ date_spine("(select min(day) from read_days)", "(select max(day) from read_days)") }}
    ) as spine
)

select * from final
