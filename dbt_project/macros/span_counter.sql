{# The counter at the end of a day inside a span of adoption.counter_spans.
   A rise of n days is spread by whole downloads: c0 + floor((c1 - c0) * k / n) on day k.
   A fall is not spread: the counter is held until the day of the lower reading. #}
{% macro span_counter(span, day) -%}
    case
        when {{ span }}.counter_before is null or {{ day }} >= {{ span }}.to_day
            then {{ span }}.counter_after
        when {{ span }}.counter_after <= {{ span }}.counter_before
            then {{ span }}.counter_before
        else {{ span }}.counter_before + {{ floor_div(
            '(' ~ span ~ '.counter_after - ' ~ span ~ '.counter_before) * ('
            ~ days_between(span ~ '.from_day', day) ~ ' + 1)',
            days_between(span ~ '.from_day', span ~ '.to_day') ~ ' + 1'
        ) }}
    end
{%- endmacro %}
