{{ config(materialized='view') }}

with readings as (
    select * from {{ ref('weighed_readings') }}
    where presence = 'present'
),

models as (
    select * from {{ ref('models') }}
),

{% set fields = ['downloads_all_time', 'downloads_30d'] %}
pairs as (
    {% for field in fields %}
    select
        better.model_key,
        '{{ field }} ' || cast(better.day as {{ dbt.type_string() }}) as field,
        better.source as source_a,
        other.source as source_b,
        better.{{ field }} as value_a,
        other.{{ field }} as value_b,
        -- A source that read the model in several scopes that day disagrees once.
        row_number() over (
            partition by better.model_key, better.day, better.source, other.source
            order by
                case when better.scope = 'rows' then 1 else 0 end,
                better.scope,
                case when other.scope = 'rows' then 1 else 0 end,
                other.scope
        ) as preference
    from readings as better
    inner join readings as other
        on
            better.model_key = other.model_key
            and better.day = other.day
            and better.source_rank < other.source_rank
    where
        abs(better.{{ field }} - other.{{ field }})
        > {{ var('counter_disagreement_share') }} * greatest(better.{{ field }}, other.{{ field }})
    {% if not loop.last %}
    union all
    {% endif %}
    {% endfor %}
),

final as (
    select
        models.model_id as subject,
        pairs.field,
        pairs.source_a,
        pairs.source_b,
        cast(pairs.value_a as {{ dbt.type_string() }}) as value_a,
        cast(pairs.value_b as {{ dbt.type_string() }}) as value_b,
        pairs.source_a as used
    from pairs
    inner join models
        on pairs.model_key = models.model_key
    where pairs.preference = 1
)

select * from final
