with read_days as (
    select * from {{ ref('hub_read_days') }}
),

final as (
    select day from (
        {{ date_spine("(select min(day) from read_days)", "(select max(day) from read_days)") }}
    ) as spine
)

select * from final
