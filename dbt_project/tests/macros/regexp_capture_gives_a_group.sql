-- regexp_capture: case folded by (?i), a group that took no part and a text without a match are ''.
with cases as (
    select
        'Qwen-8B-Instruct' as text,
        '8' as expected
    union all
    select
        'qwen-1.5b' as text,
        '1.5' as expected
    union all
    select
        'no size' as text,
        '' as expected
    union all
    select
        cast(null as {{ dbt.type_string() }}) as text,
        null as expected
)

select * from cases
where
    {{ regexp_capture('text', "'(?i)-([0-9]+(?:[.][0-9]+)?)b(?:[-_. ]|$)'", 1) }}
    is distinct from expected
