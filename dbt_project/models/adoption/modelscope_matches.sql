with readings as (
    select * from {{ ref('stg_modelscope__readings') }}
),

models as (
    select * from {{ ref('models') }}
    where has_readings or has_hub_oid
),

owners as (
    select * from {{ ref('modelscope_organizations') }}
),

repositories as (
    select distinct
        modelscope_id,
        {{ dbt.split_part('modelscope_id', "'/'", 1) }} as owner,
        substr(modelscope_id, {{ dbt.position("'/'", 'modelscope_id') }} + 1) as name
    from readings
),

-- Owner, by the seed, and name, case folded. An owner may stand for several organisations: a name
-- that two of them have matches neither.
candidates as (
    select
        repositories.modelscope_id,
        models.model_id,
        models.org,
        count(*) over (partition by repositories.modelscope_id) as hub_models,
        row_number() over (
            partition by models.model_id
            order by
                case when models.org || '/' || repositories.name = models.model_id then 0 else 1 end,
                repositories.modelscope_id
        ) as claim
    from repositories
    inner join owners
        on lower(repositories.owner) = lower(owners.modelscope_owner)
    inner join models
        on lower(models.model_id) = lower(owners.org) || '/' || lower(repositories.name)
),

-- A repository of the Hub has one counterpart: of two spellings the Hub's own.
matches as (
    select
        modelscope_id,
        model_id,
        org
    from candidates
    where hub_models = 1 and claim = 1
),

final as (
    select
        repositories.modelscope_id,
        -- The ModelScope id of one model may be the Hub's id of another.
        case
            when matches.model_id is not null then matches.model_id
            when taken.model_id is not null then 'modelscope:' || repositories.modelscope_id
            else repositories.modelscope_id
        end as model_id,
        matches.model_id as hub_model_id,
        matches.org
    from repositories
    left join matches
        on repositories.modelscope_id = matches.modelscope_id
    left join matches as taken
        on repositories.modelscope_id = taken.model_id
)

select * from final
