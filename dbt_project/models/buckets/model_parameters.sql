with candidates as (
    select * from {{ ref('parameter_candidates') }}
    where is_usable
),

size_buckets as (
    select * from {{ ref('size_buckets') }}
),

metadata as (
    select * from {{ ref('model_metadata') }}
),

ranked_totals as (
    select
        model_key,
        basis,
        parameters_total,
        row_number() over (partition by model_key order by basis_rank) as preference
    from candidates
    where parameters_total is not null
),

totals as (
    select * from ranked_totals
    where preference = 1
),

ranked_actives as (
    select
        model_key,
        parameters_active,
        row_number() over (partition by model_key order by basis_rank) as preference
    from candidates
    where parameters_active is not null
),

actives as (
    select * from ranked_actives
    where preference = 1
),

mixtures as (
    select distinct model_key
    from {{ ref('parameter_candidates') }}
    where has_experts
),

resolved as (
    select
        coalesce(totals.model_key, actives.model_key) as model_key,
        totals.parameters_total,
        totals.basis as parameters_basis,
        -- A dense model works with all of its parameters; of a mixture of experts whose
        -- active parameters nobody states they are unknown. A name or a file's number does not say
        -- which of the two it is.
        coalesce(
            actives.parameters_active,
            case
                when
                    totals.basis not in ('name', 'reading')
                    and mixtures.model_key is null
                    and not coalesce({{ regexp_like(
                        list_text('metadata.tags'), "'" ~ var('moe_tag_pattern') ~ "'"
                    ) }}, false)
                    then totals.parameters_total
            end
        ) as parameters_active
    from totals
    full outer join actives
        on totals.model_key = actives.model_key
    left join metadata
        on totals.model_key = metadata.model_key
    left join mixtures
        on totals.model_key = mixtures.model_key
),

final as (
    select
        resolved.model_key,
        resolved.parameters_total,
        resolved.parameters_active,
        resolved.parameters_basis,
        total_buckets.size_bucket,
        active_buckets.size_bucket as active_size_bucket
    from resolved
    left join size_buckets as total_buckets
        on
            resolved.parameters_total >= total_buckets.min_parameters
            and resolved.parameters_total
            < coalesce(total_buckets.max_parameters, 9223372036854775807)
    left join size_buckets as active_buckets
        on
            resolved.parameters_active >= active_buckets.min_parameters
            and resolved.parameters_active
            < coalesce(active_buckets.max_parameters, 9223372036854775807)
)

select * from final
