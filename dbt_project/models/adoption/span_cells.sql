{{ config(
    materialized='incremental',
    incremental_strategy='append',
    on_schema_change='sync_all_columns',
    pre_hook="{{ drop_changed_partitions(span_partitions(ref('weighed_spans')), 'read_month') }}",
) }}

{% set changed = changed_partitions(span_partitions(ref('weighed_spans')), 'read_month') %}

-- Where a flat or carried span ends decides nothing inside it: a new day that only makes it
-- longer leaves the months before as they are.
with spans as (
    select
        *,
        case when kind in ('step', 'launch') then to_day end as interpolated_to
    from {{ ref('weighed_spans') }}
    where {{ is_in_partitions('read_month', changed) }}
),

months as (
    select distinct
        {{ month_start('day') }} as month,
        {{ month_end('day') }} as month_end
    from {{ ref('days') }}
),

pieces as (
    {{ span_pieces('spans', 'months') }}
),

final as (
    select
        read_month,
        month,
        model_key,
        count(*) as pieces,
        sum({{ row_hash([
            'kind', 'from_day', 'piece_to', 'interpolated_to', 'counter_before', 'counter_after',
            'source', 'scope',
        ]) }}) as pieces_hash,
        {{ partition_fingerprint('min(fingerprint)') }} as fingerprint
    from pieces
    group by read_month, month, model_key
)

select * from final
