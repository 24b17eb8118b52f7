with models as (
    select * from {{ ref('models') }}
    where is_tracked
),

readings as (
    select * from {{ ref('model_readings') }}
),

as_of as (
    select * from {{ ref('as_of') }}
),

model_months as (
    select * from {{ ref('model_months') }}
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

-- Of two sources of a day the one with the lower rank comes last. A file's 0 likes is unknown: files
-- of trailing counters write 0 where likes were not read, for models with millions of downloads.
dated as (
    select
        readings.model_key,
        {{ month_start('readings.day') }} as month,
        case when readings.source = 'files' then nullif(readings.likes, 0) else readings.likes end
            as likes,
        readings.downloads_30d,
        readings.day,
        readings.source_rank,
        readings.scope
    from readings
    inner join models
        on readings.model_key = models.model_key
    cross join as_of
    where readings.day <= as_of.as_of
),

last_days as (
    select
        model_key,
        month,
        max(case when likes is not null then day end) as likes_on,
        max(case when downloads_30d is not null then day end) as downloads_30d_on
    from dated
    group by model_key, month
),

last_readings as (
    select
        dated.*,
        row_number() over (
            partition by dated.model_key
            order by dated.day, dated.source_rank desc, dated.scope desc
        ) as preference
    from dated
    inner join last_days
        on
            dated.model_key = last_days.model_key
            and dated.month = last_days.month
            and (dated.day = last_days.likes_on or dated.day = last_days.downloads_30d_on)
),

-- Likes and the trailing 30 days at the month's last reading of them.
month_readings as (
    select
        model_key,
        month,
        {{ arg_max('likes', 'case when likes is not null then preference end') }} as likes,
        {{ arg_max('downloads_30d', 'case when downloads_30d is not null then preference end') }}
            as downloads_30d
    from last_readings
    group by model_key, month
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
        model_months.downloads is null as is_trailing,
        coalesce(model_months.downloads, month_readings.downloads_30d) as downloads
    from month_readings
    inner join models
        on month_readings.model_key = models.model_key
    left join model_months
        on
            month_readings.model_key = model_months.model_key
            and month_readings.month = model_months.month
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
