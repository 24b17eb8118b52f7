with readings as (
    select * from {{ ref('stg_files__readings') }}
),

model_keys as (
    select * from {{ ref('model_keys') }}
),

keyed as (
    select
        model_keys.model_key,
        readings.day,
        readings.parameters_total,
        readings.pipeline_tag,
        readings.license,
        readings.created_on
    from readings
    inner join model_keys
        on
            readings.name_key = model_keys.name_key
            and readings.day between model_keys.valid_from and model_keys.valid_to
),

-- The newest value that a file gave, attribute by attribute.
final as (
    select
        model_key,
        {{ arg_max('parameters_total', 'case when parameters_total is not null then day end') }}
            as parameters_total,
        {{ arg_max('pipeline_tag', 'case when pipeline_tag is not null then day end') }}
            as pipeline_tag,
        {{ arg_max('license', 'case when license is not null then day end') }} as license,
        {{ arg_max('created_on', 'case when created_on is not null then day end') }} as created_on
    from keyed
    group by model_key
)

select * from final
