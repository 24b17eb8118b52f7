with models as (
    select * from {{ ref('models') }}
),

candidates as (
    select * from {{ ref('parameter_candidates') }}
    where parameters_total is not null
),

organizations as (
    select * from {{ ref('organizations') }}
),

atom_regions as (
    {{ with_canonical_name(ref('atom_region_names'), 'path') }}
),

corrections as (
    {{ one_row_per_name(ref('release_date_corrections'), 'model_id', ref('former_names')) }}
),

atom_corrections as (
    {{ one_row_per_name(ref('stg_tracked_models__release_dates'), 'model_id', ref('former_names')) }}
),

counters as (
    select * from {{ ref('counter_disagreements') }}
),

-- Sizes: any other source against the one that was used.
sizes as (
    select
        models.model_id as subject,
        'parameters_total' as field,
        models.parameters_basis as source_a,
        candidates.basis as source_b,
        cast(models.parameters_total as {{ dbt.type_string() }}) as value_a,
        cast(candidates.parameters_total as {{ dbt.type_string() }}) as value_b,
        models.parameters_basis as used
    from models
    inner join candidates
        on models.model_key = candidates.model_key
    where
        models.has_readings
        and candidates.basis != models.parameters_basis
        and abs(ln(cast(candidates.parameters_total as double) / models.parameters_total))
        > ln(case
            when candidates.basis like 'atom%' or models.parameters_basis like 'atom%'
                then 1 + {{ var('atom_size_tolerance') }}
            else {{ var('size_disagreement_factor') }}
        end)
),

regions as (
    select
        organizations.org as subject,
        'region' as field,
        'seed' as source_a,
        'atom' as source_b,
        organizations.region as value_a,
        min(atom_regions.region) as value_b,
        'seed' as used
    from organizations
    inner join atom_regions
        on lower(organizations.org) = {{ dbt.split_part('atom_regions.folded_name', "'/'", 1) }}
    where organizations.region != atom_regions.region
    group by organizations.org, organizations.region
),

release_dates as (
    select
        models.model_id as subject,
        'released_on' as field,
        'seed' as source_a,
        'atom' as source_b,
        cast(corrections.released_on as {{ dbt.type_string() }}) as value_a,
        cast(atom_corrections.released_on as {{ dbt.type_string() }}) as value_b,
        'seed' as used
    from models
    inner join corrections
        on lower(models.model_id) = corrections.folded_name
    inner join atom_corrections
        on lower(models.model_id) = atom_corrections.folded_name
    where corrections.released_on != atom_corrections.released_on
),

final as (
    select * from sizes
    union all
    select * from regions
    union all
    select * from release_dates
    union all
    select * from counters
)

select
    subject,
    field,
    source_a,
    source_b,
    value_a,
    value_b,
    used
from final
