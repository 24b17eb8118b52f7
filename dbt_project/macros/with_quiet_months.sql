{# The months of models: those in which something happened, as adoption.plain_months has them, and the
   quiet ones between and after these, in which each counter stood and was known on every day. Nine of
   twelve months of the whole Hub's models are quiet, and nearly all sums can do without them. Weighed
   models have all of their months. `models` is a relation of the models that are asked for. #}
{% macro with_quiet_months(models=none) -%}
with plain as (
    select
        plain_months.*,
        coalesce(
            lead(plain_months.month) over (
                partition by plain_months.model_key
                order by plain_months.month
            ),
            date '9999-12-01'
        ) as next_month
    from {{ ref('plain_months') }} as plain_months
    {%- if models %}
    inner join {{ models }} as asked
        on plain_months.model_key = asked.model_key
    {%- endif %}
    where not exists (
        select 1
        from {{ ref('weighed_models') }} as weighed
        where weighed.model_key = plain_months.model_key
    )
),

quiet as (
    select
        months.month,
        plain.model_key,
        plain.cumulative_downloads,
        months.observed_days,
        {{ days_between('months.month', 'months.known_to') }} + 1 as known_days
    from plain
    inner join {{ ref('main_months') }} as months
        on months.month > plain.month and months.month < plain.next_month
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
from plain

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

union all

select
    weighed_months.month,
    weighed_months.model_key,
    weighed_months.downloads,
    weighed_months.downloads_interpolated,
    weighed_months.adjustment,
    weighed_months.cumulative_downloads,
    weighed_months.downloads_before_history,
    weighed_months.days_observed,
    weighed_months.days_interpolated,
    weighed_months.days_missing,
    weighed_months.is_carried
from {{ ref('weighed_months') }} as weighed_months
{%- if models %}
inner join {{ models }} as asked
    on weighed_months.model_key = asked.model_key
{%- endif %}
{%- endmacro %}
