{# One of `parts` equal parts of 1, as decimal(38,18). A third is no finite decimal: each part is
   1 / parts cut off after the 18th place, and the last (rank = parts) takes what is left, so that
   the parts of ranks 1 to `parts` sum to exactly 1. The units are counted as integers, then
   shifted by an exact product: decimals divide into floats. #}
{% macro equal_part(rank, parts) -%}
    cast(
        cast(
            {{ floor_div('1000000000000000000', parts) }}
            + case
                when {{ rank }} = {{ parts }}
                    then 1000000000000000000
                        - {{ floor_div('1000000000000000000', parts) }} * {{ parts }}
                else 0
            end
            as decimal(19, 0)
        ) * cast('0.000000000000000001' as decimal(18, 18))
        as decimal(38, 18)
    )
{%- endmacro %}
