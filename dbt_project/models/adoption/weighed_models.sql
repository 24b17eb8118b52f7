with model_keys as (
    select * from {{ ref('model_keys') }}
),

main_scope as (
    select * from {{ ref('main_scope') }}
),

-- A name that another model holds, or held, or that stands beside others of its model.
shared_names as (
    select
        name_key,
        model_key
    from model_keys
    where
        name_key != model_key
        or valid_from > date '1000-01-01'
        or valid_to < date '9999-12-31'
),

read_elsewhere as (
    select distinct hub_readings.name_key
    from {{ ref('hub_readings') }} as hub_readings
    left join main_scope
        on hub_readings.source = main_scope.source and hub_readings.scope = main_scope.scope
    where main_scope.scope is null

    union

    select name_key from {{ ref('stg_files__readings') }}
),

-- A record that was rejected, or that lacks a counter which the source had before.
not_known as (
    select model_key
    from {{ ref('main_readings') }}
    where
        presence = 'unknown'
        or (
            presence = 'present'
            and (
                downloads_30d is null
                or likes is null
                or (downloads_all_time is null and downloads_all_time_before is not null)
            )
        )
),

-- The counter over an absence is told from the row before it, in whichever month that is.
returned as (
    select model_key
    from {{ ref('main_readings') }}
    where
        presence = 'present'
        and downloads_all_time is not null
        and downloads_all_time_before is null
    group by model_key
    having count(*) > 1
),

final as (
    select model_key from shared_names
    union
    select name_key as model_key from shared_names
    union
    select name_key as model_key from read_elsewhere
    union
    select model_key from not_known
    union
    select model_key from returned
)

select * from final
