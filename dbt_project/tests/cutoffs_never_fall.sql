-- The adoption cutoff of a bucket never falls from one horizon to the next, and the tenth
-- highest model scores exactly 1 wherever the running maximum did not bind.
{{ config(meta={'dagster': {'ref': {'name': 'relative_adoption'}}}) }}

with cutoffs as (
    select distinct
        size_bucket,
        horizon_days,
        reference_cutoff
    from {{ ref('relative_adoption') }}
    where reference_cutoff is not null
),

falls as (
    select
        size_bucket,
        horizon_days,
        reference_cutoff
        < lag(reference_cutoff) over (partition by size_bucket order by horizon_days) as is_fall
    from cutoffs
),

tenths as (
    select
        size_bucket,
        horizon_days,
        max(case when rank_in_bucket = {{ var('reference_models') }} then ram_cutoff end) as score
    from {{ ref('relative_adoption') }}
    where reference_cutoff = reference_cutoff_raw and reference_cutoff > 0
    group by size_bucket, horizon_days
)

select
    size_bucket,
    horizon_days
from falls
where is_fall

union all

select
    size_bucket,
    horizon_days
from tenths
where score is null or score != 1
