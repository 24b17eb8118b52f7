with names as (
    {{ with_canonical_name(ref('stg_model_names'), 'model_id') }}
),

readings as (
    select * from {{ ref('hub_readings') }}
),

-- When the Hub itself showed a name. A name known only as a parent has no row here.
sightings as (
    select
        name_key,
        min(day) as first_seen_on
    from readings
    group by name_key
),

-- Who held a name, and from when. A name that comes back with another _id is a new model.
holders as (
    select
        names.folded_name,
        names.hub_oid,
        coalesce(min(sightings.first_seen_on), date '1000-01-01') as held_from
    from names
    left join sightings
        on names.name_key = sightings.name_key
    where names.hub_oid is not null
    group by names.folded_name, names.hub_oid
),

final as (
    select
        folded_name,
        hub_oid,
        case
            when
                row_number() over (partition by folded_name order by held_from, hub_oid) = 1
                then date '1000-01-01'
            else held_from
        end as valid_from,
        coalesce(
            {{ add_days(
                'lead(held_from) over (partition by folded_name order by held_from, hub_oid)', -1
            ) }},
            date '9999-12-31'
        ) as valid_to
    from holders
)

select * from final
