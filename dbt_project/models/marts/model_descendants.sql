{{ config(materialized=mart_view()) }}

with models as (
    select * from {{ ref('models') }}
),

counts as (
    select * from {{ ref('descendant_counts') }}
)

select
    models.model_id,
    coalesce(counts.children, 0) as children,
    coalesce(counts.descendants, 0) as descendants,
    coalesce(counts.finetunes, 0) as finetunes,
    coalesce(counts.adapters, 0) as adapters,
    coalesce(counts.quantizations, 0) as quantizations,
    coalesce(counts.merges, 0) as merges,
    models.downloads_all_time as downloads_own,
    case
        when
            models.downloads_all_time is not null
            or counts.downloads_of_descendants is not null
            then
                coalesce(models.downloads_all_time, 0)
                + coalesce(counts.downloads_of_descendants, 0)
    end as downloads_with_descendants,
    coalesce(counts.descendants_without_counter, 0) as descendants_without_counter
from models
left join counts
    on models.model_key = counts.model_key
