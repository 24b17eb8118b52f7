with readings as (
    select weighed_readings.*
    from {{ ref('weighed_readings') }} as weighed_readings
    inner join {{ ref('as_of') }} as as_of
        on weighed_readings.day <= as_of.as_of
),

-- F, per scope: from here on a new model's launch can be seen.
first_reads as (
    select
        source,
        scope,
        min(day) as first_read_on
    from {{ ref('read_calendar') }}
    group by source, scope
),

model_scopes as (
    select
        model_key,
        source,
        scope,
        min(day) as first_row_on
    from readings
    group by model_key, source, scope
),

final as (
    select
        model_scopes.model_key,
        model_scopes.source,
        model_scopes.scope,
        model_scopes.first_row_on,
        first_reads.scope is not null as is_read_completely,
        count(*) over (partition by model_scopes.model_key) as scopes_of_model,
        min(first_reads.first_read_on) over (partition by model_scopes.model_key) as first_read_on
    from model_scopes
    left join first_reads
        on
            model_scopes.source = first_reads.source
            and model_scopes.scope = first_reads.scope
)

select * from final
