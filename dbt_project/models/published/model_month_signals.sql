with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

month_readings as (
    select * from {{ ref('model_month_readings') }}
),

tracked_months as (
    select * from {{ ref('tracked_months') }}
),

derivative_bases as (
    select * from {{ ref('derivative_bases') }}
    where attribution = 'direct'
),

-- Derivatives are known where the whole Hub was read, or a model's own to their end; elsewhere few
-- or none are known, which is not few or none.
derivative_reads as (
    select distinct scope
    from {{ ref('stg_read_days') }}
    where
        is_complete
        and ((scope = 'hub' and source in ('hub_api', 'hub_stats')) or scope like 'base:%')
),

derivatives as (
    select
        month_readings.model_key,
        month_readings.month,
        count(distinct derivative_bases.model_key) as derivatives
    from month_readings
    inner join derivative_bases
        on month_readings.model_key = derivative_bases.base_key
    inner join {{ ref('models') }} as children
        on
            derivative_bases.model_key = children.model_key
            and children.created_on <= {{ month_end('month_readings.month') }}
    group by month_readings.model_key, month_readings.month
),

measured as (
    select distinct
        month_readings.month,
        month_readings.model_key,
        models.model_id,
        models.size_bucket,
        month_readings.likes,
        coalesce(derivatives.derivatives, 0) as derivatives,
        tracked_months.downloads is null as is_trailing,
        coalesce(tracked_months.downloads, month_readings.downloads_30d) as downloads
    from month_readings
    inner join models
        on month_readings.model_key = models.model_key
    left join tracked_months
        on
            month_readings.model_key = tracked_months.model_key
            and month_readings.month = tracked_months.month
    inner join derivative_reads
        on
            derivative_reads.scope = 'hub'
            or derivative_reads.scope = 'base:' || models.model_id
    left join derivatives
        on
            month_readings.model_key = derivatives.model_key
            and month_readings.month = derivatives.month
),

-- One is added to each, so that a model without likes or derivatives has a ratio.
final as (
    select
        *,
        cast(downloads as double) / (likes + 1) as downloads_per_like,
        cast(downloads as double) / (derivatives + 1) as downloads_per_derivative
    from measured
    where likes is not null and downloads is not null
)

select * from final
