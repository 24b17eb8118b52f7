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
        max(case when readings.presence = 'present' then readings.day end) as last_present_on,
        {{ arg_max('readings.presence', 'readings.day') }} as last_presence
    from {{ ref('hub_readings') }} as readings
    inner join asked
        on readings.name_key = asked.name_key
    group by readings.name_key, readings.source, readings.scope
),

last_reads as (
    select
        source,
        scope,
        max(day) as last_read_on
    from {{ ref('hub_read_days') }}
    where is_complete
    group by source, scope
),

-- Metadata is stored where it changes, so what a scope said last holds for as long as the scope is
-- read and has the model: an older snapshot says nothing against it.
held as (
    select
        contested.*,
        case
            when presences.last_presence = 'present' and last_reads.last_read_on > contested.day
                then last_reads.last_read_on
            when presences.last_present_on > contested.day then presences.last_present_on
            else contested.day
        end as held_to
    from contested
    left join presences
        on
            contested.name_key = presences.name_key
            and contested.source = presences.source
            and contested.scope = presences.scope
    left join last_reads
        on contested.source = last_reads.source and contested.scope = last_reads.scope
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
