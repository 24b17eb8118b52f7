-- first_places, with ties at the last place that another column breaks or, where nothing is known of it,
-- the name; a group of fewer members than places, and no value at all.
with numbers as (
    {{ number_series(40) }}
),

standings as (
    select
        number % 3 as team,
        'm' || number as member,
        case when number % 3 < 2 then floor(number / 6.0) end as points,
        case when number % 2 = 0 then number % 5 end as likes
    from numbers
    where number % 3 > 0 or number < 9
),

sorted as (
    select
        team,
        member,
        row_number() over (partition by team order by points desc, likes desc, member) as place
    from standings
),

found as (
    select *
    from {{ first_places(
        'standings', 'true', ['team'], 'points', ['likes desc', 'member'], 5
    ) }} as first_five
)

select
    sorted.team,
    sorted.member,
    sorted.place,
    found.place as found_place
from sorted
full outer join found
    on sorted.team = found.team and sorted.member = found.member
where coalesce(sorted.place <= 5, false) <> (found.place is not null) or sorted.place <> found.place
