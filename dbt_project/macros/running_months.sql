{# What each month changes, of the rows that are grouped: columns of adoption.member_changes. #}
{% macro summed_changes() -%}
    {%- for column in [
        'downloads', 'adjustment', 'downloads_interpolated', 'newly_covered',
        'models_new', 'models_unknown', 'models_carried',
    ] %}
        cast(sum({{ column }}) as bigint) as {{ column }}{% if not loop.last %},{% endif %}
    {%- endfor %}
{%- endmacro %}

{# Every month of a group from its first one on, of what each month changes (sums of
   adoption.member_changes, with a number for the group in `key`): counts that stand are sums of all changes
   to date. A group whose every model's downloads are unknown has none, which is not zero. Months follow
   on one another, so what was a month or a year before stands so many rows before: none where the group
   had not begun, 0 where no downloads are known. #}
{% macro running_months(changes, key) -%}
    select
        month,
        {{ key }},
        case when models_unknown < models then downloads end as downloads,
        adjustment,
        cumulative_downloads,
        case when models_unknown < models then downloads_interpolated end as downloads_interpolated,
        newly_covered,
        models,
        models_carried,
        downloads_month_before,
        downloads_year_before,
        cumulative_downloads_year_before
    from (
        select
            every_month.month,
            every_month.{{ key }},
            {% for column in [
                'downloads', 'adjustment', 'downloads_interpolated', 'newly_covered',
                'models_unknown', 'models_carried',
            ] %}
            coalesce(changes.{{ column }}, 0) as {{ column }},
            {% endfor %}
            cast(sum(changes.downloads + changes.adjustment + changes.newly_covered) over (
                partition by every_month.{{ key }}
                order by every_month.month
            ) as bigint) as cumulative_downloads,
            cast(sum(changes.models_new) over (
                partition by every_month.{{ key }}
                order by every_month.month
            ) as bigint) as models,
            lag(coalesce(changes.downloads, 0)) over (
                partition by every_month.{{ key }}
                order by every_month.month
            ) as downloads_month_before,
            lag(coalesce(changes.downloads, 0), 12) over (
                partition by every_month.{{ key }}
                order by every_month.month
            ) as downloads_year_before,
            cast(sum(changes.downloads + changes.adjustment + changes.newly_covered) over (
                partition by every_month.{{ key }}
                order by every_month.month
                rows between unbounded preceding and 12 preceding
            ) as bigint) as cumulative_downloads_year_before
        from (
            select
                firsts.{{ key }},
                months.month
            from (
                select
                    {{ key }},
                    min(month) as first_month
                from {{ changes }}
                group by {{ key }}
            ) as firsts
            inner join {{ ref('complete_months') }} as months
                on months.month >= firsts.first_month
        ) as every_month
        left join {{ changes }} as changes
            on every_month.month = changes.month and every_month.{{ key }} = changes.{{ key }}
    ) as to_date
{%- endmacro %}
