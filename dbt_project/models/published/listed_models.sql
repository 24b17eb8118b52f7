with atom_list as (
    {{ with_canonical_name(ref('stg_tracked_models__list'), 'model_id', ref('former_names')) }}
),

models as (
    select * from {{ ref('models') }}
),

-- Two listed names of one repository count once.
final as (
    select
        atom_list.folded_name,
        min(models.model_key) as model_key
    from atom_list
    left join models
        on atom_list.folded_name = lower(models.model_id)
    group by atom_list.folded_name
)

select * from final
