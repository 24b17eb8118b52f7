with models as (
    select * from {{ ref('model_identities') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

file_attributes as (
    select * from {{ ref('file_attributes') }}
),

corrections as (
    {{ one_row_per_name(ref('release_date_corrections'), 'model_id', ref('former_names')) }}
),

atom_corrections as (
    {{ one_row_per_name(ref('stg_tracked_models__release_dates'), 'model_id', ref('former_names')) }}
),

stated as (
    select
        models.model_key,
        lower(models.model_id) as folded_name,
        metadata.created_at,
        coalesce(cast(metadata.created_at as date), file_attributes.created_on) as stated_on,
        case
            when metadata.created_at is not null then 'hub'
            when file_attributes.created_on is not null then 'file'
            else 'unknown'
        end as stated_by
    from models
    left join metadata
        on models.model_key = metadata.model_key
    left join file_attributes
        on models.model_key = file_attributes.model_key
),

-- The Hub's first day means "on or before", whoever repeats it.
created as (
    select
        model_key,
        folded_name,
        created_at,
        case when stated_on > date '{{ var("creation_floor") }}' then stated_on end as created_on,
        case
            when stated_on <= date '{{ var("creation_floor") }}' then 'floored'
            else stated_by
        end as created_basis
    from stated
),

final as (
    select
        created.model_key,
        created.created_at,
        created.created_on,
        created.created_basis,
        coalesce(corrections.released_on, atom_corrections.released_on, created.created_on)
            as released_on,
        case
            when corrections.released_on is not null then 'seed'
            when atom_corrections.released_on is not null then 'atom'
            else created.created_basis
        end as release_basis,
        -- Day 0: the later of creation and correction. Weights that were elsewhere first
        -- (a correction before the creation) have no day 0 here.
        case
            when
                coalesce(corrections.released_on, atom_corrections.released_on)
                < created.created_on
                then null
            when created.created_on is not null
                then coalesce(
                    corrections.released_on, atom_corrections.released_on, created.created_on
                )
        end as day_zero,
        case
            when created.created_on is null then 'creation unknown'
            when
                coalesce(corrections.released_on, atom_corrections.released_on)
                < created.created_on
                then 'released elsewhere first'
        end as no_day_zero_reason
    from created
    left join corrections
        on created.folded_name = corrections.folded_name
    left join atom_corrections
        on created.folded_name = atom_corrections.folded_name
)

select * from final
