with models as (
    select * from {{ ref('model_identities') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

file_attributes as (
    select * from {{ ref('file_attributes') }}
),

seed_sizes as (
    {{ one_row_per_name(ref('model_sizes'), 'model_id', ref('former_names')) }}
),

atom_sizes as (
    {{ one_row_per_name(ref('stg_tracked_models__parameters'), 'model_id', ref('former_names')) }}
),

-- Integer tensors beside a quantisation config or name hold several weights per element.
tensors as (
    select
        models.model_key,
        metadata.parameters_total,
        case
            when
                {{ integer_tensor_share('metadata.parameters_by_dtype') }}
                >= {{ var('packed_min_share') }}
                then coalesce(
                    {{ regexp_like('models.name', "'" ~ var('quantised_name_pattern') ~ "'") }}
                    or {{ regexp_like(list_text('metadata.tags'), "'" ~ var('quantised_tag_pattern') ~ "'") }},
                    false
                )
            else false
        end as is_packed
    from models
    inner join metadata
        on models.model_key = metadata.model_key
    where metadata.parameters_total > 0
),

-- A file says nothing of its tensors, so a name that says "quantised" is enough.
readings as (
    select
        models.model_key,
        file_attributes.parameters_total,
        {{ regexp_like('models.name', "'" ~ var('quantised_name_pattern') ~ "'") }} as is_packed
    from models
    inner join file_attributes
        on models.model_key = file_attributes.model_key
    where file_attributes.parameters_total > 0
),

candidates as (
    select
        models.model_key,
        'seed' as basis,
        1 as basis_rank,
        seed_sizes.parameters_total,
        seed_sizes.parameters_active,
        cast(null as boolean) as has_experts,
        true as is_usable
    from models
    inner join seed_sizes
        on lower(models.model_id) = seed_sizes.folded_name

    union all

    select
        model_key,
        case when is_packed then 'safetensors_packed' else 'safetensors' end as basis,
        2 as basis_rank,
        parameters_total,
        null as parameters_active,
        null as has_experts,
        not is_packed as is_usable
    from tensors

    union all

    select
        models.model_key,
        case
            when coalesce(atom_sizes.notes, '') like '%Legacy%' then 'atom_legacy' else 'atom'
        end as basis,
        3 as basis_rank,
        atom_sizes.parameters_total,
        atom_sizes.parameters_active,
        atom_sizes.is_moe as has_experts,
        coalesce(atom_sizes.notes, '') not like '%Legacy%' as is_usable
    from models
    inner join atom_sizes
        on lower(models.model_id) = atom_sizes.folded_name

    union all

    select
        model_key,
        'name' as basis,
        4 as basis_rank,
        {{ parameters_from_name('name') }} as parameters_total,
        {{ active_parameters_from_name('name') }} as parameters_active,
        null as has_experts,
        true as is_usable
    from models
    -- A size is a digit and its unit: one look instead of one for each form.
    where {{ regexp_like('name', "'(?i)[0-9][bmt]'") }}

    union all

    select
        model_key,
        case when is_packed then 'reading_packed' else 'reading' end as basis,
        5 as basis_rank,
        parameters_total,
        null as parameters_active,
        null as has_experts,
        not is_packed as is_usable
    from readings
),

final as (
    select
        model_key,
        basis,
        basis_rank,
        cast(parameters_total as bigint) as parameters_total,
        cast(parameters_active as bigint) as parameters_active,
        has_experts,
        is_usable
    from candidates
    where parameters_total is not null or parameters_active is not null
)

select * from final
