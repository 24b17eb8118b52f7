with scopes as (
    select * from {{ ref('weighed_scopes') }}
),

firsts as (
    select distinct
        model_key,
        first_read_on
    from scopes
),

-- Most models are read by one source in one scope: their sparse rows stand as they are, whether they
-- carry the counter or end its reading.
single_source as (
    select
        readings.model_key,
        readings.day,
        readings.source,
        readings.scope,
        readings.downloads_all_time,
        coalesce(readings.presence = 'present' and readings.downloads_all_time is not null, false)
            as is_counter,
        scopes.first_read_on,
        day_before.read_on_or_before as read_before
    from {{ ref('weighed_readings') }} as readings
    inner join {{ ref('as_of') }} as as_of
        on readings.day <= as_of.as_of
    inner join scopes
        on readings.model_key = scopes.model_key and scopes.scopes_of_model = 1
    left join {{ ref('read_calendar') }} as day_before
        on
            readings.source = day_before.source
            and readings.scope = day_before.scope
            and day_before.day = {{ add_days('readings.day', -1) }}
),

final as (
    select
        model_key,
        day,
        source,
        scope,
        downloads_all_time,
        is_counter,
        first_read_on,
        read_before
    from single_source

    union all

    select
        reconciled.model_key,
        reconciled.day,
        reconciled.source,
        reconciled.scope,
        reconciled.downloads_all_time,
        reconciled.is_counter,
        firsts.first_read_on,
        reconciled.read_before
    from {{ ref('reconciled_observations') }} as reconciled
    inner join firsts
        on reconciled.model_key = firsts.model_key
)

select * from final
