-- dbt's split_part and listagg as this project uses them: a part that is the whole text, a delimiter
-- of two characters, an order that is not the rows', nulls passed over.
with names as (
    select
        'b/x' as name,
        2 as place
    union all
    select
        'a/y' as name,
        1 as place
    union all
    select
        cast(null as {{ dbt.type_string() }}) as name,
        3 as place
),

final as (
    select
        {{ dbt.listagg('name', "', '", 'order by place desc') }} as joined,
        max({{ dbt.split_part("'status: reason: more'", "': '", 1) }}) as status,
        max({{ dbt.split_part("'whole'", "'/'", 1) }}) as whole,
        max({{ dbt.position("'/'", "'org/name'") }}) as place
    from names
)

select * from final
where
    joined is distinct from 'b/x, a/y'
    or status is distinct from 'status'
    or whole is distinct from 'whole'
    or place is distinct from 4
