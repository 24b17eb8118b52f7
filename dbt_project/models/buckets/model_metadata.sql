with metadata as (
    select * from {{ ref('hub_metadata') }}
),

model_keys as (
    select * from {{ ref('model_keys') }}
),

keyed as (
    select
        model_keys.model_key,
        metadata.*
    from metadata
    inner join model_keys
        on
            metadata.name_key = model_keys.name_key
            and metadata.day between model_keys.valid_from and model_keys.valid_to
),

-- Nearly all models have one row: the others' alone are put in order.
several as (
    select model_key
    from keyed
    group by model_key
    having count(*) > 1
),

contested as (
    select
        keyed.*,
        row_number() over (
            partition by keyed.model_key, keyed.source, keyed.scope
            order by keyed.day desc, keyed.content_hash
        ) as recency_in_scope
    from keyed
    inner join several
        on keyed.model_key = several.model_key
),

of_several_scopes as (
    select model_key
    from contested
    where recency_in_scope = 1
    group by model_key
    having count(*) > 1
),

asked as (
    select distinct contested.name_key
    from contested
    inner join of_several_scopes
        on contested.model_key = of_several_scopes.model_key
),

presences as (
    select
        readings.name_key,
        readings.source,
        readings.scope,
        readings.day,
        max(case when readings.presence = 'present' then readings.day end) over (
            partition by readings.name_key, readings.source, readings.scope
        ) as last_present_on
    from {{ ref('hub_readings') }} as readings
    inner join asked
        on readings.name_key = asked.name_key
),

departures as (
    select
        name_key,
        source,
        scope,
        last_present_on,
        min(case when day > last_present_on then day end) as gone_on
    from presences
    group by name_key, source, scope, last_present_on
),

-- A row holds on each day on which its scope was read and had the model.
last_shown as (
    select
        departures.name_key,
        departures.source,
        departures.scope,
        greatest(
            departures.last_present_on,
            coalesce(max(read_days.day), departures.last_present_on)
        ) as shown_on
    from departures
    left join {{ ref('hub_read_days') }} as read_days
        on
            departures.source = read_days.source
            and departures.scope = read_days.scope
            and read_days.is_complete
            and read_days.day < coalesce(departures.gone_on, date '9999-12-31')
    group by
        departures.name_key, departures.source, departures.scope, departures.last_present_on
),

-- Metadata is stored where it changes, so what a scope said last holds for as long as the scope is
-- read and has the model: an older snapshot says nothing against it.
held as (
    select
        contested.*,
        greatest(contested.day, coalesce(last_shown.shown_on, contested.day)) as held_to
    from contested
    left join last_shown
        on
            contested.name_key = last_shown.name_key
            and contested.source = last_shown.source
            and contested.scope = last_shown.scope
),

ranked as (
    select
        name_key,
        source,
        scope,
        day,
        content_key,
        row_number() over (
            partition by model_key
            order by
                recency_in_scope,
                held_to desc,
                source_rank,
                day desc,
                source,
                case when scope = 'rows' then 1 else 0 end,
                scope,
                content_hash
        ) as recency
    from held
),

-- A repository is created once: whoever lacks the day does not take it away.
creations as (
    select
        model_key,
        coalesce(min(case when source_rank = 1 then created_at end), min(created_at)) as created_at
    from contested
    group by model_key
),

older as (
    select * from ranked
    where recency > 1
),

final as (
    select
        keyed.model_key,
        keyed.name_key,
        keyed.day,
        keyed.content_key,
        coalesce(creations.created_at, keyed.created_at) as created_at,
        keyed.pipeline_tag,
        keyed.library_name,
        keyed.tags,
        keyed.parameters_total,
        keyed.parameters_by_dtype
    from keyed
    left join creations
        on keyed.model_key = creations.model_key
    where not exists (
        select 1
        from older
        where
            older.name_key = keyed.name_key
            and older.source = keyed.source
            and older.scope = keyed.scope
            and older.day = keyed.day
            and older.content_key = keyed.content_key
    )
)

select * from final
