with spans as (
    select * from {{ ref('counter_spans') }}
),

read_calendar as (
    select * from {{ ref('read_calendar') }}
),

months as (
    select distinct
        {{ month_start('day') }} as month,
        {{ month_end('day') }} as month_end
    from {{ ref('days') }}
),

-- A span cut at the ends of months; counters at both ends of each piece.
pieces as (
    select
        spans.*,
        months.month,
        greatest(spans.from_day, months.month) as piece_from,
        least(spans.to_day, months.month_end) as piece_to
    from spans
    inner join months
        on spans.from_day <= months.month_end and spans.to_day >= months.month
),

counted as (
    select
        pieces.*,
        case
            when pieces.piece_from = pieces.from_day then pieces.counter_before
            else {{ span_counter('pieces', add_days('pieces.piece_from', -1)) }}
        end as counter_start,
        {{ span_counter('pieces', 'pieces.piece_to') }} as counter_end,
        {{ days_between('pieces.piece_from', 'pieces.piece_to') }} + 1 as days,
        coalesce(ends.observed_days_to_date - starts.observed_days_to_date, 0)
            as flat_days_observed
    from pieces
    left join read_calendar as starts
        on
            pieces.kind = 'flat'
            and pieces.source = starts.source
            and pieces.scope = starts.scope
            and starts.day = {{ add_days('pieces.piece_from', -1) }}
    left join read_calendar as ends
        on
            pieces.kind = 'flat'
            and pieces.source = ends.source
            and pieces.scope = ends.scope
            and ends.day = pieces.piece_to
),

final as (
    select
        model_key,
        month,
        kind,
        piece_from as from_day,
        piece_to as to_day,
        counter_end,
        case when kind = 'opening' then counter_end else 0 end as downloads_before_history,
        case when kind in ('step', 'launch') then greatest(counter_end - counter_start, 0) else 0 end
            as downloads,
        case when kind in ('step', 'launch') then least(counter_end - counter_start, 0) else 0 end
            as adjustment,
        case
            when kind in ('step', 'launch') and from_day < to_day
                then greatest(counter_end - counter_start, 0)
            else 0
        end as downloads_interpolated,
        case
            when kind in ('step', 'launch') and from_day = to_day then 1
            when kind = 'flat' then flat_days_observed
            else 0
        end as days_observed,
        case
            when kind in ('step', 'launch') and from_day < to_day then days
            when kind = 'flat' then days - flat_days_observed
            else 0
        end as days_interpolated,
        case when kind in ('opening', 'carried') then days else 0 end as days_missing
    from counted
)

select * from final
