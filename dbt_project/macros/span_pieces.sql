{# Spans cut at the ends of months: a query of the spans' columns, month, piece_from and piece_to.
   `months` has the columns month and month_end. Most spans lie within a month: these are joined by
   equality, and only the others are compared with every month. #}
{% macro span_pieces(spans, months) -%}
    {%- set first_month = month_start('spans.from_day') -%}
    {%- set last_month = month_start('spans.to_day') -%}
    select
        spans.*,
        months.month,
        spans.from_day as piece_from,
        spans.to_day as piece_to
    from {{ spans }} as spans
    inner join {{ months }} as months
        on {{ first_month }} = months.month
    where {{ last_month }} = {{ first_month }}

    union all

    select
        spans.*,
        months.month,
        greatest(spans.from_day, months.month) as piece_from,
        least(spans.to_day, months.month_end) as piece_to
    from {{ spans }} as spans
    inner join {{ months }} as months
        on spans.from_day <= months.month_end and spans.to_day >= months.month
    where {{ last_month }} > {{ first_month }}
{%- endmacro %}
