-- regexp_remove: every match, not the first alone.
with final as (
    select {{ regexp_remove("'a-fp8-b-fp8'", "'-fp8'") }} as text
)

select * from final
where text is distinct from 'a-b'
