with names as (
    {{ with_canonical_name(ref('stg_model_names'), 'model_id') }}
),

-- Nearly all names have had one holder, and nobody states them without its `_id`: those have no row.
stated_several_times as (
    select folded_name
    from names
    where hub_oid is not null
    group by folded_name
    having count(*) > 1
),

held_by_several as (
    select names.folded_name
    from names
    inner join stated_several_times
        on names.folded_name = stated_several_times.folded_name
    group by names.folded_name
    having min(names.hub_oid) <> max(names.hub_oid)
),

contested as (
    select
        names.name_key,
        names.folded_name,
        names.hub_oid
    from names
    inner join held_by_several
        on names.folded_name = held_by_several.folded_name
    where names.hub_oid is not null
),

stated_without_id as (
    select distinct folded_name
    from names
    where hub_oid is null
),

held_by_one as (
    select distinct
        names.folded_name,
        names.hub_oid
    from names
    inner join stated_without_id
        on names.folded_name = stated_without_id.folded_name
    left join held_by_several
        on names.folded_name = held_by_several.folded_name
    where names.hub_oid is not null and held_by_several.folded_name is null
),

-- When the Hub itself showed a name. A name known only as a parent has no row here.
sightings as (
    select
        readings.name_key,
        min(readings.day) as first_seen_on
    from {{ ref('hub_readings') }} as readings
    inner join contested
        on readings.name_key = contested.name_key
    group by readings.name_key
),

-- Who held a name, and from when. A name that comes back with another _id is a new model.
held as (
    select
        contested.folded_name,
        contested.hub_oid,
        coalesce(min(sightings.first_seen_on), date '1000-01-01') as held_from
    from contested
    left join sightings
        on contested.name_key = sightings.name_key
    group by contested.folded_name, contested.hub_oid
),

final as (
    select
        folded_name,
        hub_oid,
        date '1000-01-01' as valid_from,
        date '9999-12-31' as valid_to
    from held_by_one

    union all

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
    from held
)

select * from final
