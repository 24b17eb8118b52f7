-- Which source is believed can change only on a day on which one of them has a row, on the next read
-- day after it (a single row holds for its day), and where the scopes that were read are not those
-- of the read day before. The read day after a change confirms a fall, or does not. Only these days
-- are looked at: between them the same scope is read on, unchanged.
with several_scopes as (
    select * from {{ ref('weighed_scopes') }}
    where scopes_of_model > 1
),

read_days as (
    select * from {{ ref('read_calendar') }}
    where is_read
),

row_days as (
    select distinct
        readings.model_key,
        readings.day
    from {{ ref('weighed_readings') }} as readings
    inner join {{ ref('as_of') }} as as_of
        on readings.day <= as_of.as_of
    where readings.model_key in (select model_key from several_scopes)
),

-- The scopes of a model that are read completely, as one text: few texts stand for all models.
combinations as (
    select
        model_key,
        {{ dbt.listagg("source || '/' || scope", "' '", "order by source, scope") }} as combination,
        min(first_row_on) as first_row_on
    from several_scopes
    where is_read_completely
    group by model_key
),

combination_scopes as (
    select distinct
        combinations.combination,
        several_scopes.source,
        several_scopes.scope
    from combinations
    inner join several_scopes
        on combinations.model_key = several_scopes.model_key
    where several_scopes.is_read_completely
),

combination_reads as (
    select
        combination_scopes.combination,
        read_days.day,
        {{ dbt.listagg(
            "read_days.source || '/' || read_days.scope",
            "' '",
            "order by read_days.source, read_days.scope"
        ) }} as scopes_read
    from combination_scopes
    inner join read_days
        on
            combination_scopes.source = read_days.source
            and combination_scopes.scope = read_days.scope
    group by combination_scopes.combination, read_days.day
),

combination_changes as (
    select
        combination,
        day,
        coalesce(
            scopes_read = lag(scopes_read) over (partition by combination order by day)
            and scopes_read = lag(scopes_read, 2) over (partition by combination order by day),
            false
        ) as is_as_before
    from combination_reads
),

calendar_days as (
    select distinct day from row_days
    union
    select distinct day from combination_reads
),

next_days as (
    select
        every_combination.combination,
        calendar_days.day,
        min(combination_reads.day) over (
            partition by every_combination.combination
            order by calendar_days.day
            rows between 1 following and unbounded following
        ) as next_read_on
    from (select distinct combination from combination_scopes) as every_combination
    cross join calendar_days
    left join combination_reads
        on
            every_combination.combination = combination_reads.combination
            and calendar_days.day = combination_reads.day
),

-- The next two read days after any day.
next_two_days as (
    select
        combination,
        day,
        next_read_on
    from next_days
    where next_read_on is not null

    union all

    select
        next_days.combination,
        next_days.day,
        second_days.next_read_on
    from next_days
    inner join next_days as second_days
        on
            next_days.combination = second_days.combination
            and next_days.next_read_on = second_days.day
    where second_days.next_read_on is not null
),

final as (
    select
        model_key,
        day
    from row_days

    union

    select
        row_days.model_key,
        next_two_days.next_read_on as day
    from row_days
    inner join combinations
        on row_days.model_key = combinations.model_key
    inner join next_two_days
        on
            combinations.combination = next_two_days.combination
            and row_days.day = next_two_days.day

    union

    select
        combinations.model_key,
        combination_changes.day
    from combinations
    inner join combination_changes
        on
            combinations.combination = combination_changes.combination
            and combination_changes.day > combinations.first_row_on
    where not combination_changes.is_as_before
)

select * from final
