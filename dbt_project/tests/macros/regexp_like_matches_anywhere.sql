-- regexp_like: anywhere in the text, not the whole of it; a pattern may come from a column.
with cases as (
    select
        'org/model-GGUF' as text,
        '(?i)gguf' as pattern,
        true as expected
    union all
    select
        'gguf' as text,
        '^gguf$' as pattern,
        true as expected
    union all
    select
        'a-gguf' as text,
        '^gguf' as pattern,
        false as expected
    union all
    select
        cast(null as {{ dbt.type_string() }}) as text,
        'x' as pattern,
        cast(null as boolean) as expected
)

select * from cases
where {{ regexp_like('text', 'pattern') }} is distinct from expected
