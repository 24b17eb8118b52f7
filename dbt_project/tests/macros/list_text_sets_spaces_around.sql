-- list_text and sorted_list: binary order, spaces around every element.
with names as (
    select 'b' as name
    union all
    select 'a' as name
    union all
    select 'B' as name
),

final as (
    select {{ list_text(sorted_list('name')) }} as text
    from names
)

select * from final
where text is distinct from ' B a b '
