{{ config(materialized='view') }}

with calendar as (
    select distinct last_read_on
    from {{ ref('main_calendar') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- A row without a change is no span of its own: what it says is in the days around it.
changes as (
    select
        spans.*,
        lead(spans.from_day) over (
            partition by spans.model_key
            order by spans.to_day, case when spans.kind = 'end' then 1 else 0 end
        ) as next_from_day,
        lead(spans.kind) over (
            partition by spans.model_key
            order by spans.to_day, case when spans.kind = 'end' then 1 else 0 end
        ) as next_kind
    from {{ ref('plain_spans') }} as spans
    where
        (spans.kind != 'step' or spans.counter_before != spans.counter_after)
        and not exists (
            select 1
            from {{ ref('weighed_models') }} as weighed
            where weighed.model_key = spans.model_key
        )
),

-- Between two changes nothing did; after the last one to the last read day.
flats as (
    select
        changes.model_key,
        {{ add_days('changes.to_day', 1) }} as from_day,
        case
            when changes.next_from_day is null then calendar.last_read_on
            when changes.next_kind = 'end' then changes.next_from_day
            else {{ add_days('changes.next_from_day', -1) }}
        end as to_day,
        changes.counter_after as counter
    from changes
    cross join calendar
    where changes.kind != 'end'
),

carried as (
    select
        changes.model_key,
        {{ add_days(
            "case when changes.kind = 'end' then changes.to_day else calendar.last_read_on end", 1
        ) }} as from_day,
        as_of.as_of as to_day,
        changes.counter_after as counter
    from changes
    cross join calendar
    cross join as_of
    where changes.next_from_day is null
),

final as (
    select
        model_key,
        kind,
        from_day,
        to_day,
        counter_before,
        counter_after
    from changes
    where kind != 'end'

    union all

    select
        model_key,
        'flat' as kind,
        from_day,
        to_day,
        counter as counter_before,
        counter as counter_after
    from flats
    where from_day <= to_day

    union all

    select
        model_key,
        'carried' as kind,
        from_day,
        to_day,
        counter as counter_before,
        counter as counter_after
    from carried
    where from_day <= to_day

    union all

    select
        model_key,
        kind,
        from_day,
        to_day,
        counter_before,
        counter_after
    from {{ ref('weighed_spans') }}
)

select * from final
