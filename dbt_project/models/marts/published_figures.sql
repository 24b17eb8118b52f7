with claims as (
    select * from {{ ref('published_claims') }}
),

claim_values as (
    select * from {{ ref('claim_values') }}
),

limits as (
    select * from {{ ref('claim_limits') }}
),

judged as (
    select
        claims.*,
        claim_values.value,
        claim_values.value_text,
        claim_values.value_on,
        claim_values.nearest as nearest_value,
        claim_values.nearest_as_of as nearest_value_on,
        -- The first that applies, as status and reason in one.
        case
            when not claim_values.is_covered
                then 'history_missing: ' || limits.no_history_reason
            when claim_values.value is null and claim_values.value_text is null
                then 'partial_coverage: ' || limits.no_value_reason
            when limits.data_kind != 'real'
                then 'different_scope: the data are synthetic and say nothing about real models'
            when
                claims.evidence = 'counters' and claims.kind != 'release'
                and limits.coverage < {{ var('published_min_coverage') }}
                then
                    'partial_coverage: ' || {{ thousands('limits.listed_models_covered') }} || ' of '
                    || {{ thousands('limits.listed_models') }} || ' listed models have a counter'
            when
                claims.kind = 'adoption'
                and claim_values.reference_median_models < {{ var('reference_models') }}
                then 'partial_coverage: ' || limits.no_value_reason
            when claims.evidence = 'derivatives' and not limits.is_whole_hub_read
                then
                    'partial_coverage: the Hub was never read as a whole; of the period '
                    || cast(round(limits.derivatives, 1) as {{ dbt.type_string() }}) || ' derivatives are known'
            when claims.is_denominator_unstated
                then 'ambiguous: the record does not say what it is a share of'
            when claims.source_quality = 'conflicting'
                then 'ambiguous: the sources of the record disagree'
            when claims.kind = 'adoption' and claim_values.model_id != claims.model_id
                then
                    'ambiguous: a release of several repositories; computed for '
                    || claim_values.model_id
            when claims.as_of_to is null
                then 'ambiguous: the record does not say as of when'
            when
                claims.evidence = 'counters' and claims.kind != 'release'
                and coalesce(limits.listed_models, 0) = 0
                then 'different_scope: the list of the models that the record counts is not loaded'
            when
                claims.evidence = 'counters' and claims.kind != 'release'
                and limits.unlisted_share > {{ var('published_max_outside_share') }}
                then
                    'different_scope: ' || cast(round(100 * limits.unlisted_share, 1) as {{ dbt.type_string() }})
                    || ' % of the downloads are of models outside the report''s list'
            when
                claims.evidence = 'derivatives'
                and limits.later_share > {{ var('published_max_outside_share') }}
                then
                    'different_scope: ' || cast(round(100 * limits.later_share, 1) as {{ dbt.type_string() }})
                    || ' % of the derivatives pass the filter by a later reading'
            else 'comparable: same period and scope'
        end as verdict
    from claims
    inner join claim_values
        on
            claims.figure = claim_values.figure
            and claims.denominator = claim_values.denominator
    inner join limits
        on claims.figure = limits.figure and claims.denominator = limits.denominator
),

final as (
    select
        *,
        {{ dbt.split_part('verdict', "': '", 1) }} as status,
        case when verdict not like 'history_missing:%' then value end as computed
    from judged
)

select
    figure,
    denominator,
    published_low,
    published_high,
    computed,
    -- 0 within a published range; against "more than" only what falls short.
    case
        when computed < published_low then computed - published_low
        when computed > published_high then computed - published_high
        when computed is not null then cast(0 as double)
    end as difference,
    case when status != 'history_missing' then value_text end as computed_text,
    case
        when status != 'history_missing' and (value is not null or value_text is not null)
            then value_on
    end as computed_as_of,
    case when status = 'history_missing' then nearest_value end as nearest,
    case when status = 'history_missing' and nearest_value is not null then nearest_value_on end
        as nearest_as_of,
    unit,
    as_of_from,
    as_of_to,
    source,
    status,
    substr(verdict, length(status) + 3) as reason,
    population,
    numerator,
    source_quality,
    note
from final
