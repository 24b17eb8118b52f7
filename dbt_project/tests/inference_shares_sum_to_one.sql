-- Shares of a month sum to 1 with `unknown`, and every cut has all of the month's tokens.
{{ config(meta={'dagster': {'ref': {'name': 'inference_daily'}}}) }}
with days as (
    select
        {{ month_start('day') }} as month,
        sum(tokens) as tokens
    from {{ ref('inference_daily') }}
    group by {{ month_start('day') }}
),

cuts as (
    select
        'region' as cut,
        month,
        tokens,
        share,
        share_of_open,
        share_of_matched
    from {{ ref('inference_region_monthly') }}

    union all

    select
        'org' as cut,
        month,
        tokens,
        share,
        share_of_open,
        share_of_matched
    from {{ ref('inference_org_monthly') }}

    union all

    select
        'family' as cut,
        month,
        tokens,
        share,
        share_of_open,
        share_of_matched
    from {{ ref('inference_family_monthly') }}

    union all

    select
        'size_bucket' as cut,
        month,
        tokens,
        share,
        share_of_open,
        share_of_matched
    from {{ ref('inference_bucket_monthly') }}
),

summed as (
    select
        cut,
        month,
        sum(tokens) as tokens,
        sum(share) as shares,
        sum(share_of_open) as shares_of_open,
        sum(share_of_matched) as shares_of_matched
    from cuts
    group by cut, month
)

select
    every_cut.cut,
    days.month,
    days.tokens,
    summed.tokens as tokens_of_cut,
    summed.shares
from days
cross join (
    {% for cut in ['region', 'org', 'family', 'size_bucket'] %}
    select '{{ cut }}' as cut
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
) as every_cut
left join summed
    on days.month = summed.month and every_cut.cut = summed.cut
where
    summed.tokens is null
    or summed.tokens <> days.tokens
    or abs(summed.shares - 1) > {{ var('share_sum_tolerance') }}
    or abs(coalesce(summed.shares_of_open, 1) - 1) > {{ var('share_sum_tolerance') }}
    or abs(coalesce(summed.shares_of_matched, 1) - 1) > {{ var('share_sum_tolerance') }}
