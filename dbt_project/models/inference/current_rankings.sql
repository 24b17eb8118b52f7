with versions as (
    select * from {{ ref('ranking_versions') }}
),

-- A day is restated as a whole: a model that left its list went into `other`, so to keep the
-- model's older figure would count it twice.
newest as (
    select
        day,
        max(as_of) as as_of
    from versions
    group by day
),

parsed as (
    select
        versions.day,
        versions.model_permaslug,
        versions.as_of,
        versions.tokens,
        {{ dbt.split_part('versions.model_permaslug', "':'", 1) }} as base_slug,
        nullif({{ regexp_capture('versions.model_permaslug', "'^[^:]*:(.*)$'", 1) }}, '')
            as variant
    from versions
    inner join newest
        on
            versions.day = newest.day
            and versions.as_of = newest.as_of
),

final as (
    select
        day,
        model_permaslug,
        as_of,
        tokens,
        base_slug,
        variant,
        nullif({{ regexp_capture('base_slug', "'^([^/]+)/'", 1) }}, '') as vendor
    from parsed
)

select * from final
