{# Share of elements stored in 4- or 8-bit integer containers (I32 and U32 hold eight 4-bit
   weights each, U8 and I8 two or one), of all elements in a dtype map. #}
{% macro integer_tensor_share(parameters_by_dtype) -%}
    {{ return(adapter.dispatch('integer_tensor_share', 'hubtide')(parameters_by_dtype)) }}
{%- endmacro %}

{% macro default__integer_tensor_share(parameters_by_dtype) -%}
    (
        coalesce({{ parameters_by_dtype }}['I32'], 0)
        + coalesce({{ parameters_by_dtype }}['U32'], 0)
        + coalesce({{ parameters_by_dtype }}['U8'], 0)
        + coalesce({{ parameters_by_dtype }}['I8'], 0)
    ) / nullif(cast(list_sum(map_values({{ parameters_by_dtype }})) as double), 0)
{%- endmacro %}

{% macro spark__integer_tensor_share(parameters_by_dtype) -%}
    cast(
        coalesce({{ parameters_by_dtype }}['I32'], 0)
        + coalesce({{ parameters_by_dtype }}['U32'], 0)
        + coalesce({{ parameters_by_dtype }}['U8'], 0)
        + coalesce({{ parameters_by_dtype }}['I8'], 0)
        as double
    ) / nullif(cast(aggregate(
        map_values({{ parameters_by_dtype }}),
        cast(0 as bigint),
        (total, elements) -> total + coalesce(elements, cast(0 as bigint))
    ) as double), 0)
{%- endmacro %}
