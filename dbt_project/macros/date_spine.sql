{# One row a day, both ends included, column `day`; no row when an end is null. #}
{% macro date_spine(first_day, last_day) -%}
    {{ return(adapter.dispatch('date_spine', 'hubtide')(first_day, last_day)) }}
{%- endmacro %}

{% macro default__date_spine(first_day, last_day) -%}
    select cast(spine_day as date) as day
    from (
        select unnest(generate_series(
            cast({{ first_day }} as timestamp), cast({{ last_day }} as timestamp), interval 1 day
        )) as spine_day
    ) as series
{%- endmacro %}

{# A sequence that would go backwards is an error on Spark, and empty here. The ends stand in a query of
   their own: explode() takes no subqueries. #}
{% macro spark__date_spine(first_day, last_day) -%}
    select explode(
        case when first_day <= last_day then sequence(first_day, last_day, interval 1 day) end
    ) as day
    from (
        select
            cast({{ first_day }} as date) as first_day,
            cast({{ last_day }} as date) as last_day
    ) as ends
{%- endmacro %}
