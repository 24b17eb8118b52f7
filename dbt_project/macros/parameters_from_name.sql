{# Parameters that a repository's name states, as bigint, null where it states none:
   `8x7B` (experts times their size), `1.5B`, `1_8b` (the same with an underscore), `1b14b` (active, then
   total), `2.4T`, `135M`. A number counts only as a word of its own, so `4bit`, `A3B` (active) and `E2B`
   (effective) do not, nor does `7B` in `A2.7B`. Billions win over trillions and millions: `-1M` at the end
   of a name with a size is a context length, `-3T` what it was trained on. Trillions have one digit: `30T`
   are tokens too. Numbers of more than five digits, three before a point or for experts, are dates and
   the like, and would not fit. #}
{% macro parameters_from_name(name) -%}
    {%- set edge = '(?:^|[-_ ]|(?:^|[^0-9])[.]|[-_ ][0-9.]{1,4}b)' -%}
    {%- set stop = '(?:[-_. ]|$)' -%}
    {%- set number = '([0-9]{1,3}[.][0-9]+|[0-9]{1,5})' -%}
    {%- set pattern_moe = "'(?i)" ~ edge ~ "([0-9]{1,3})x" ~ number ~ "b" ~ stop ~ "'" -%}
    {%- set pattern_b = "'(?i)" ~ edge ~ number ~ "b" ~ stop ~ "'" -%}
    {%- set pattern_underscore = "'(?i)-([0-9])_([0-9]+)b" ~ stop ~ "'" -%}
    {%- set pattern_t = "'(?i)" ~ edge ~ "([0-9](?:[.][0-9]+)?)t" ~ stop ~ "'" -%}
    {%- set pattern_m = "'(?i)" ~ edge ~ number ~ "m" ~ stop ~ "'" -%}
    cast(round(coalesce(
        cast(nullif({{ regexp_capture(name, pattern_moe, 1) }}, '') as double)
        * cast(nullif({{ regexp_capture(name, pattern_moe, 2) }}, '') as double) * 1e9,
        cast(nullif(
            {{ regexp_capture(name, pattern_underscore, 1) }} || '.'
            || {{ regexp_capture(name, pattern_underscore, 2) }}, '.'
        ) as double) * 1e9,
        cast(nullif({{ regexp_capture(name, pattern_b, 1) }}, '') as double) * 1e9,
        cast(nullif({{ regexp_capture(name, pattern_t, 1) }}, '') as double) * 1e12,
        cast(nullif({{ regexp_capture(name, pattern_m, 1) }}, '') as double) * 1e6
    )) as bigint)
{%- endmacro %}
