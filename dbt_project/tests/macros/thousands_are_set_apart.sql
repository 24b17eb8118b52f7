-- thousands: commas, also of a negative and of a rounded double.
with cases as (
    select {{ thousands('1234567') }} as text, '1,234,567' as expected
    union all
    select {{ thousands('-1865') }} as text, '-1,865' as expected
    union all
    select {{ thousands('round(999.6)') }} as text, '1,000' as expected
    union all
    select {{ thousands('0') }} as text, '0' as expected
)

select * from cases
where text is distinct from expected
