{# The name that the engine has for a type as the project writes it, in seeds and contracts. #}
{% macro engine_type(data_type) -%}
    {{ return(adapter.dispatch('engine_type', 'hubtide')(data_type)) }}
{%- endmacro %}

{% macro default__engine_type(data_type) -%}
    {{ return(data_type) }}
{%- endmacro %}

{# Text of any length is `string` on Spark, whose varchar needs a length; a list is an array. #}
{% macro spark__engine_type(data_type) -%}
    {% set base = data_type | trim | replace('[]', '') %}
    {% set base = 'string' if base | lower == 'varchar' else base %}
    {{ return('array<' ~ base ~ '>' if data_type.endswith('[]') else base) }}
{%- endmacro %}
