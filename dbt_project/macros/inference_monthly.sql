{# Tokens of a month by one attribute of the models, with their shares (docs/method.md,
   Inference): a query of (month, value, tokens, share, share_low, share_high, share_of_open,
   share_of_matched, matched_fraction, days_present). The value 'unknown' holds the tokens whose
   value cannot be told, `other` among them; the bounds give all of them to the other values
   (low) or to this one (high), so 'unknown' itself has none. `ranked_models` has one row a day
   and slug. #}
{% macro inference_monthly(ranked_models, attribute) -%}
    with ranked as (
        select
            {{ month_start('day') }} as month,
            coalesce({{ attribute }}, 'unknown') as value,
            day,
            tokens,
            case when openness = 'open' and not is_embedding then tokens else 0 end as open_tokens,
            case when match_basis <> 'none' then tokens else 0 end as matched_tokens
        from {{ ranked_models }}
    ),

    summed as (
        select
            month,
            value,
            cast(sum(tokens) as bigint) as tokens,
            cast(sum(open_tokens) as bigint) as open_tokens,
            cast(sum(matched_tokens) as bigint) as matched_tokens,
            count(distinct day) as days_present
        from ranked
        group by month, value
    ),

    with_totals as (
        select
            *,
            cast(sum(tokens) over (partition by month) as double) as all_tokens,
            cast(sum(open_tokens) over (partition by month) as double) as all_open_tokens,
            cast(sum(matched_tokens) over (partition by month) as double) as all_matched_tokens,
            cast(sum(case when value = 'unknown' then tokens else 0 end) over (
                partition by month
            ) as bigint) as unknown_tokens
        from summed
    )

    select
        month,
        value,
        tokens,
        tokens / nullif(all_tokens, 0) as share,
        case when value <> 'unknown' then tokens / nullif(all_tokens, 0) end as share_low,
        case when value <> 'unknown' then (tokens + unknown_tokens) / nullif(all_tokens, 0) end
            as share_high,
        open_tokens / nullif(all_open_tokens, 0) as share_of_open,
        matched_tokens / nullif(all_matched_tokens, 0) as share_of_matched,
        all_matched_tokens / nullif(all_tokens, 0) as matched_fraction,
        days_present
    from with_totals
{%- endmacro %}
