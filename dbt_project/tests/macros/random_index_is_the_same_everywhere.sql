-- random_index: the first 48 bits of the MD5 of 'a' are 0x0cc175b9c0f1 = 14025043329265.
with cases as (
    select
        'a' as text,
        10 as n,
        6 as expected
    union all
    select
        'a' as text,
        7 as n,
        4 as expected
)

select * from cases
where {{ random_index('text', 'n') }} is distinct from expected
