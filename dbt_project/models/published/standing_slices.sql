with org_ranks as (
    select * from {{ ref('org_downloads_monthly') }}
),

derivatives as (
    select * from {{ ref('derivatives_monthly') }}
    where attribution = 'direct' and filtered and share is not null
),

ranked_models as (
    select * from {{ ref('ranked_models') }}
),

-- The record speaks of some populations only.
members as (
    select * from {{ ref('members') }}
    where
        population in (
            select published_values.population
            from {{ ref('published_values') }} as published_values
        )
),

changes as (
    select
        changes.month,
        changes.member_key,
        {{ summed_changes() }}
    from {{ ref('member_changes') }} as changes
    inner join members
        on changes.member_key = members.member_key
    group by changes.month, changes.member_key
),

every_month as (
    {{ running_months('changes', 'member_key') }}
),

grouped as (
    select
        members.population,
        every_month.month,
        members.region,
        members.org,
        members.family,
        members.size_bucket,
        cast(every_month.cumulative_downloads as double) as cumulative_downloads,
        cast(every_month.downloads as double) as downloads
    from every_month
    inner join members
        on every_month.member_key = members.member_key
),

final as (
    {% for metric in ['cumulative_downloads', 'downloads'] %}
    select
        '{{ metric }}' as metric,
        grouped.population,
        grouped.month,
        grouped.region,
        grouped.org,
        org_ranks.rank as org_rank,
        grouped.family,
        grouped.size_bucket,
        grouped.{{ metric }} as value
    from grouped
    left join org_ranks
        on
            grouped.population = org_ranks.population
            and grouped.month = org_ranks.month
            and grouped.org = org_ranks.org
    where grouped.{{ metric }} is not null

    union all
    {% endfor %}

    select
        'new_derivatives' as metric,
        'tracked' as population,
        month,
        region,
        base_org as org,
        cast(null as bigint) as org_rank,
        family,
        'unknown' as size_bucket,
        cast(sum(new_derivatives) as double) as value
    from derivatives
    group by month, region, base_org, family

    -- The record counts tokens among the figures of tracked models; OpenRouter ranks all.
    {% for metric, condition in {
        'tokens_all': 'true',
        'tokens_open': "openness = 'open' and not is_embedding",
        'tokens_matched': "match_basis <> 'none'",
    }.items() %}
    union all

    select
        '{{ metric }}' as metric,
        'tracked' as population,
        {{ month_start('day') }} as month,
        region,
        coalesce(org, 'unknown') as org,
        cast(null as bigint) as org_rank,
        coalesce(family, 'unknown') as family,
        coalesce(size_bucket, 'unknown') as size_bucket,
        cast(sum(tokens) as double) as value
    from ranked_models
    where {{ condition }}
    group by
        {{ month_start('day') }},
        region,
        coalesce(org, 'unknown'),
        coalesce(family, 'unknown'),
        coalesce(size_bucket, 'unknown')
    {% endfor %}
)

select * from final
