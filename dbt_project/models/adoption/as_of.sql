with read_days as (
    select * from {{ ref('hub_read_days') }}
),

readings as (
    select * from {{ ref('dated_readings') }}
),

-- The Hub's API is read one organisation at a time: a day on which a few of them were read is no
-- reading of the population.
organisation_scopes as (
    select distinct
        scope,
        day
    from read_days
    where source = 'hub_api' and is_complete and scope != 'hub'
),

-- Days without any read are not counted: an outage, however long, makes no organisation unexpected.
organisation_reads as (
    select
        scope,
        day,
        dense_rank() over (order by day) as read_day
    from organisation_scopes
),

organisation_days as (
    select
        day,
        read_day,
        count(*) as scopes_read
    from organisation_reads
    group by day, read_day
),

expected_scopes as (
    select
        organisation_days.day,
        organisation_days.scopes_read,
        count(distinct recent.scope) as scopes_expected
    from organisation_days
    inner join organisation_reads as recent
        on
            recent.read_day > organisation_days.read_day - {{ var('as_of_scope_days') }}
            and recent.read_day <= organisation_days.read_day
    group by organisation_days.day, organisation_days.scopes_read
),

complete_days as (
    select day
    from read_days
    where is_complete and (source != 'hub_api' or scope = 'hub')

    union all

    select day
    from expected_scopes
    where scopes_read >= {{ var('as_of_min_scope_share') }} * scopes_expected
),

candidates as (
    select
        1 as preference,
        'complete_read' as basis,
        max(day) as as_of
    from complete_days

    union all

    -- Without any complete read: the newest day with all-time counters, else with any reading.
    select
        2 as preference,
        'counter_rows' as basis,
        max(day) as as_of
    from readings
    where downloads_all_time is not null

    union all

    select
        3 as preference,
        'rows' as basis,
        max(day) as as_of
    from readings
),

final as (
    select
        as_of,
        basis
    from candidates
    where as_of is not null
    order by preference
    limit 1
)

select * from final
