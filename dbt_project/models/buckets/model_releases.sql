{{ config(materialized='view') }}

with models as (
    select * from {{ ref('model_identities') }}
),

overrides as (
    {{ one_row_per_name(ref('release_overrides'), 'model_id', ref('former_names')) }}
),

-- Repositories of one publisher that differ in precision or format only are one release.
final as (
    select
        models.model_key,
        coalesce(
            overrides.release_id,
            models.org || '/' || {{ regexp_remove(
                'models.name', "'" ~ var('precision_suffix_pattern') ~ "'"
            ) }}
        ) as release_id
    from models
    left join overrides
        on lower(models.model_id) = overrides.folded_name
)

select * from final
