{# The months of models: those in which something happened (adoption.model_month_changes), and the quiet
   ones between and after these, in which each counter stood and was known on every day. Three of four
   months of the whole Hub's models are quiet, and nearly all sums can do without them. Weighed models
   have a row in each month to the as-of day, so none of theirs is quiet. `models` is a relation of the
   models that are asked for. #}
{% macro with_quiet_months(models=none) -%}
with changes as (
    select
        changes.*,
        coalesce(
            lead(changes.month) over (
                partition by changes.model_key
                order by changes.month
            ),
            date '9999-12-01'
        ) as next_month
    from {{ ref('model_month_changes') }} as changes
    {%- if models %}
    inner join {{ models }} as asked
        on changes.model_key = asked.model_key
    {%- endif %}
),

quiet as (
    select
        months.month,
        changes.model_key,
        changes.cumulative_downloads,
        months.observed_days,
        {{ days_between('months.month', 'months.known_to') }} + 1 as known_days
    from changes
    inner join {{ ref('main_months') }} as months
        on months.month > changes.month and months.month < changes.next_month
)

select
    month,
    model_key,
    downloads,
    downloads_interpolated,
    adjustment,
    cumulative_downloads,
    downloads_before_history,
    days_observed,
    days_interpolated,
    days_missing,
    is_carried
from changes

union all

select
    month,
    model_key,
    0 as downloads,
    0 as downloads_interpolated,
    0 as adjustment,
    cumulative_downloads,
    0 as downloads_before_history,
    cast(observed_days as bigint) as days_observed,
    cast(known_days - observed_days as bigint) as days_interpolated,
    0 as days_missing,
    false as is_carried
from quiet
{%- endmacro %}
