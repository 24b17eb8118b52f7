-- row_hash: equal for equal rows, other where a null or a value changes its place.
with pairs as (
    select
        {{ row_hash(['a', 'b']) }} as hash,
        {{ row_hash(['b', 'a']) }} as hash_of_swapped,
        is_symmetric
    from (
        select
            1 as a,
            2 as b,
            false as is_symmetric
        union all
        select
            cast(null as integer) as a,
            2 as b,
            false as is_symmetric
        union all
        select
            3 as a,
            3 as b,
            true as is_symmetric
        union all
        select
            cast(null as integer) as a,
            cast(null as integer) as b,
            true as is_symmetric
    ) as rows_of_two
)

select * from pairs
where (hash = hash_of_swapped) is distinct from is_symmetric
