-- A model's spans leave no day out and count none twice, and each starts where the last ended.
{{ config(meta={'dagster': {'ref': {'name': 'counter_spans'}}}) }}

{% for spans in ['counter_spans', 'model_spans'] %}
select *
from (
    select
        '{{ spans }}' as spans,
        model_key,
        from_day,
        to_day,
        counter_before,
        counter_after,
        lag(to_day) over (partition by model_key order by from_day) as previous_to_day,
        lag(counter_after) over (partition by model_key order by from_day) as previous_counter
    from {{ ref(spans) }}
) as followed
where
    from_day > to_day
    or (
        previous_to_day is not null
        and (
            from_day != {{ add_days('previous_to_day', 1) }}
            or counter_before is null
            or counter_before != previous_counter
        )
    )
{% if not loop.last %}union all{% endif %}
{% endfor %}
