with calendar as (
    select * from {{ ref('main_calendar') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

-- The scope's loads: a day that is loaded again has another.
read_days as (
    select
        read_days.day,
        read_days.source,
        read_days.scope,
        read_days.load_id,
        loads.started_at
    from {{ ref('stg_read_days') }} as read_days
    inner join {{ ref('main_scope') }} as main_scope
        on read_days.source = main_scope.source and read_days.scope = main_scope.scope
    inner join {{ ref('stg_loads') }} as loads
        on read_days.load_id = loads.load_id
),

spans as (
    select * from {{ ref('plain_spans') }}
    where kind != 'step'
),

bounds as (
    select
        min(first_read_on) as first_read_on,
        max(last_read_on) as last_read_on
    from calendar
),

months as (
    select distinct
        {{ month_start('days.day') }} as month,
        {{ month_end('days.day') }} as month_end
    from {{ ref('days') }} as days
    cross join bounds
    cross join as_of
    where days.day between bounds.first_read_on and as_of.as_of
),

-- What a month's counters are told from: the reads from the last one before it, which its first rows
-- are compared with, to the first one after it, whose rows may begin in it.
reads as (
    select
        months.month,
        months.month_end,
        coalesce(max(case when read_days.day < months.month then read_days.day end), months.month)
            as reads_from,
        coalesce(
            min(case when read_days.day > months.month_end then read_days.day end),
            months.month_end
        ) as reads_to
    from months
    cross join read_days
    group by months.month, months.month_end
),

month_reads as (
    select
        reads.month,
        {{ partition_hash([
            'read_days.source', 'read_days.scope', 'read_days.day', 'read_days.load_id',
            'read_days.started_at',
        ]) }} as fingerprint
    from reads
    inner join read_days
        on
            read_days.day between reads.reads_from and greatest(
                reads.reads_to, {{ add_days('reads.month_end', var('max_gap_days')) }}
            )
    group by reads.month
),

-- Whether a first counter is a launch depends on the creation; what is gone is carried from then on.
firsts as (
    select
        reads.month,
        {{ partition_hash(['spans.model_key', 'spans.from_day', 'spans.to_day', 'spans.kind']) }}
            as fingerprint,
        min(spans.from_day) as first_day
    from spans
    inner join reads
        on spans.from_day <= reads.month_end and spans.to_day >= reads.month
    where spans.kind != 'end'
    group by reads.month
),

ends as (
    select
        reads.month,
        {{ partition_hash(['spans.model_key', 'spans.to_day', 'spans.counter_after']) }}
            as fingerprint
    from spans
    inner join reads
        on spans.to_day <= reads.month_end
    where spans.kind = 'end'
    group by reads.month
),

-- The last month grows; what comes after the last read is carried to the as-of day.
tails as (
    select
        reads.month,
        least(as_of.as_of, reads.month_end) as counted_to,
        least(bounds.last_read_on, reads.month_end) as known_to
    from reads
    cross join as_of
    cross join bounds
),

final as (
    select
        reads.month,
        {{ row_hash([
            'month_reads.fingerprint', 'firsts.fingerprint', 'ends.fingerprint',
            'tails.counted_to', 'tails.known_to',
        ]) }} as fingerprint,
        firsts.first_day
    from reads
    inner join tails
        on reads.month = tails.month
    left join month_reads
        on reads.month = month_reads.month
    left join firsts
        on reads.month = firsts.month
    left join ends
        on reads.month = ends.month
)

select * from final
