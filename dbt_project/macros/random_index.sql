{# A number from 1 to n drawn by a text, the same at each run: the seed is in the text. #}
{% macro random_index(text, n) -%}
    {{ return(adapter.dispatch('random_index', 'hubtide')(text, n)) }}
{%- endmacro %}

{% macro default__random_index(text, n) -%}
    cast(cast('0x' || substr(md5({{ text }}), 1, 12) as bigint) % {{ n }} + 1 as bigint)
{%- endmacro %}

{# The same number as on DuckDB: the first 48 bits of the text's MD5. #}
{% macro spark__random_index(text, n) -%}
    cast(cast(conv(substr(md5({{ text }}), 1, 12), 16, 10) as bigint) % {{ n }} + 1 as bigint)
{%- endmacro %}
