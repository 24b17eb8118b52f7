{{ config(materialized='view') }}

select
    identities.model_key,
    coalesce(
        nullif({{ regexp_capture(list_text('metadata.tags'), "' license:([^ ]+) '", 1) }}, ''),
        file_attributes.license
    ) as license
from {{ ref('model_identities') }} as identities
left join {{ ref('model_metadata') }} as metadata
    on identities.model_key = metadata.model_key
left join {{ ref('file_attributes') }} as file_attributes
    on identities.model_key = file_attributes.model_key
