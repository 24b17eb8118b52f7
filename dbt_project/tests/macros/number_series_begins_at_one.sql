-- number_series: 1 to n.
with final as (
    select
        count(*) as numbers,
        min(number) as first_number,
        max(number) as last_number
    from ({{ number_series(5) }}) as series
)

select * from final
where numbers <> 5 or first_number <> 1 or last_number <> 5
