{{ config(materialized='view') }}

with group_shares as (
    select * from {{ ref('group_shares') }}
    where group_kind in ('region', 'org', 'family')
),

derivatives as (
    select * from {{ ref('derivatives_monthly') }}
    where attribution = 'direct' and filtered and share is not null
),

days_of_rankings as (
    select
        month,
        max(days_present) as days_present
    from {{ ref('inference_region_monthly') }}
    group by month
),

{% set kinds = {'region': 'region', 'org': 'base_org', 'family': 'family'} %}
final as (
    select
        'downloads' as metric,
        population,
        group_kind as leader_kind,
        month,
        group_member as member,
        cast(downloads as decimal(38, 18)) as value,
        share,
        is_complete_month
    from group_shares
    where downloads is not null

    union all

    select
        'cumulative_downloads' as metric,
        population,
        group_kind as leader_kind,
        month,
        group_member as member,
        cast(cumulative_downloads as decimal(38, 18)) as value,
        cumulative_share as share,
        is_complete_month
    from group_shares

    {% for kind, base_column in kinds.items() %}
    union all

    select
        'new_derivatives' as metric,
        'tracked' as population,
        '{{ kind }}' as leader_kind,
        month,
        {{ base_column }} as member,
        cast(sum(new_derivatives) as decimal(38, 18)) as value,
        cast(sum(new_derivatives) as double)
        / cast(sum(sum(new_derivatives)) over (partition by month) as double) as share,
        not bool_or(is_provisional) as is_complete_month
    from derivatives
    group by month, {{ base_column }}

    union all

    select
        'tokens' as metric,
        'openrouter' as population,
        '{{ kind }}' as leader_kind,
        ranked.month,
        ranked.{{ kind }} as member,
        cast(ranked.tokens as decimal(38, 18)) as value,
        cast(ranked.tokens as double)
        / cast(nullif(sum(ranked.tokens) over (partition by ranked.month), 0) as double) as share,
        -- Every day of the month has a ranking.
        days_of_rankings.days_present
        > {{ days_between('ranked.month', month_end('ranked.month')) }} as is_complete_month
    from {{ ref('inference_' ~ kind ~ '_monthly') }} as ranked
    inner join days_of_rankings
        on ranked.month = days_of_rankings.month
    {% endfor %}
)

select * from final
