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

ranked as (
    select
        keyed.name_key,
        keyed.source,
        keyed.scope,
        keyed.day,
        keyed.content_key,
        row_number() over (
            partition by keyed.model_key
            order by
                keyed.day desc,
                keyed.source_rank,
                keyed.source,
                case when keyed.scope = 'rows' then 1 else 0 end,
                keyed.scope,
                keyed.content_hash
        ) as recency
    from keyed
    inner join several
        on keyed.model_key = several.model_key
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
        keyed.created_at,
        keyed.pipeline_tag,
        keyed.library_name,
        keyed.tags,
        keyed.parameters_total,
        keyed.parameters_by_dtype
    from keyed
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
