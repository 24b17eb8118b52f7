{# Active parameters that a name states (`30B-A3B`: 3e9), as bigint, null where it states none. #}
{% macro active_parameters_from_name(name) -%}
    cast(round(
        cast(nullif({{ regexp_capture(
            name, "'(?i)[-_]a([0-9]{1,5}(?:[.][0-9]+)?)b(?:[-_. ]|$)'", 1
        ) }}, '') as double) * 1e9
    ) as bigint)
{%- endmacro %}
