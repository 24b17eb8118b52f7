with metadata as (
    select * from {{ ref('hub_metadata') }}
),

model_keys as (
    select * from {{ ref('model_keys') }}
),

keyed as (
    select
        model_keys.model_key,
        metadata.name_key,
        metadata.day,
        metadata.content_hash,
        metadata.created_at,
        metadata.pipeline_tag,
        metadata.library_name,
        metadata.tags,
        metadata.parameters_total,
        metadata.parameters_by_dtype,
        row_number() over (
            partition by model_keys.model_key
            order by
                metadata.day desc,
                metadata.source_rank,
                metadata.source,
                case when metadata.scope = 'rows' then 1 else 0 end,
                metadata.scope,
                metadata.content_hash
        ) as recency
    from metadata
    inner join model_keys
        on
            metadata.name_key = model_keys.name_key
            and metadata.day between model_keys.valid_from and model_keys.valid_to
),

final as (
    select
        model_key,
        name_key,
        day,
        content_hash,
        created_at,
        pipeline_tag,
        library_name,
        tags,
        parameters_total,
        parameters_by_dtype
    from keyed
    where recency = 1
)

select * from final
