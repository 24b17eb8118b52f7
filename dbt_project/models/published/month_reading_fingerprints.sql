with tracked_fingerprints as (
    select * from {{ ref('tracked_fingerprints') }}
),

weighed_fingerprints as (
    select * from {{ ref('reading_fingerprints') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

plain_fingerprints as (
    select * from {{ ref('plain_fingerprints') }}
),

months as (
    select month from tracked_fingerprints
    union
    select month from plain_fingerprints
    union
    select month from weighed_fingerprints
),

-- Counters that do not tell downloads, likes for one, are in the readings' fingerprints alone.
final as (
    select
        months.month,
        {{ row_hash([
            'tracked_fingerprints.fingerprint', 'plain_fingerprints.fingerprint',
            'weighed_fingerprints.fingerprint',
            'least(as_of.as_of, ' ~ month_end('months.month') ~ ')',
        ]) }} as fingerprint
    from months
    cross join as_of
    left join tracked_fingerprints
        on months.month = tracked_fingerprints.month
    left join plain_fingerprints
        on months.month = plain_fingerprints.month
    left join weighed_fingerprints
        on months.month = weighed_fingerprints.month
)

select * from final
