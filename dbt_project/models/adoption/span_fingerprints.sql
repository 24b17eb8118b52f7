with changes as (
    select * from {{ ref('counter_changes') }}
),

change_fingerprints as (
    select * from {{ ref('change_fingerprints') }}
),

dates as (
    select * from {{ ref('model_dates') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

last_reads as (
    select
        source,
        scope,
        max(day) as last_read_on
    from {{ ref('hub_read_days') }}
    cross join as_of
    where is_complete and day <= as_of.as_of
    group by source, scope
),

-- Whether a first counter is a launch depends on the model's creation.
firsts as (
    select
        changes.read_month as month,
        {{ partition_hash(['changes.model_key', 'dates.created_on']) }} as fingerprint
    from changes
    left join dates
        on changes.model_key = dates.model_key
    where changes.known_on is null and changes.is_counter
    group by changes.read_month
),

-- What follows a model's last row grows with every day.
tails as (
    select
        {{ tail_month() }} as month,
        {{ partition_hash([
            'changes.model_key', 'changes.day', 'changes.source', 'changes.scope',
            'changes.is_counter', 'changes.downloads_all_time', 'changes.row_before',
            'changes.read_before', 'changes.counter_before', 'last_reads.last_read_on',
            'as_of.as_of',
        ]) }} as fingerprint
    from changes
    cross join as_of
    left join last_reads
        on changes.source = last_reads.source and changes.scope = last_reads.scope
    where changes.row_after is null
),

final as (
    select
        change_fingerprints.month,
        change_fingerprints.fingerprint || '/' || coalesce(firsts.fingerprint, '') as fingerprint
    from change_fingerprints
    left join firsts
        on change_fingerprints.month = firsts.month

    union all

    select
        month,
        fingerprint
    from tails
)

select * from final
