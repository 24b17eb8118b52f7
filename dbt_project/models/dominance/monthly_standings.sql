with placed as (
    select *
    from {{ first_places(
        ref('standing_values'),
        "member not in ('unknown', 'none')",
        ['metric', 'population', 'leader_kind', 'month'], 'value', ['member'], 10
    ) }} as first_ten
)

select
    metric,
    population,
    leader_kind,
    month,
    place,
    member,
    value,
    share,
    is_complete_month
from placed
