{# A pre-hook of the model that uses lineage_closure: what an engine has to do before it, round by round,
   where one query cannot. `model_edges` has the columns child_key, parent_key and is_self. #}
{% macro collect_lineage_closure(model_edges) %}
    {% if execute %}
        {{ return(adapter.dispatch('collect_lineage_closure', 'hubtide')(model_edges)) }}
    {% endif %}
{% endmacro %}

{% macro default__collect_lineage_closure(model_edges) %}
{% endmacro %}

{# Each round joins the pairs of the round before with the edges and keeps those that are new, so a
   pair has its least depth, cycles end, and the rounds stop when nothing is added. A round is a
   partition. Edges whose child has no child are left to the model, as on DuckDB. #}
{% macro spark__collect_lineage_closure(model_edges) %}
    {% set rounds = lineage_rounds(this) %}
    {% set edges %}
        select distinct
            child_key,
            parent_key
        from {{ model_edges }}
        where child_key <> parent_key and child_key in (select parent_key from {{ model_edges }} where not is_self)
    {% endset %}
    {% do run_query('drop table if exists ' ~ rounds) %}
    {% do run_query(
        'create table ' ~ rounds ~ ' using parquet partitioned by (depth) as '
        ~ 'select child_key as model_key, parent_key as ancestor_key, 1 as depth from (' ~ edges ~ ') as edges'
    ) %}
    {% set round = namespace(depth=1, goes_on=true) %}
    {# Jinja has no `while`, and no longer range than this. #}
    {% for depth in range(2, 100000) if round.goes_on %}
        {% set added %}
            select
                found.model_key,
                found.ancestor_key,
                {{ depth }} as depth
            from (
                select distinct
                    rounds.model_key,
                    edges.parent_key as ancestor_key
                from {{ rounds }} as rounds
                inner join ({{ edges }}) as edges
                    on rounds.ancestor_key = edges.child_key
                where rounds.depth = {{ depth - 1 }} and rounds.model_key <> edges.parent_key
            ) as found
            left anti join {{ rounds }} as known
                on found.model_key = known.model_key and found.ancestor_key = known.ancestor_key
        {% endset %}
        {% do run_query('insert into ' ~ rounds ~ ' ' ~ added) %}
        {% set rows = run_query('select count(*) from ' ~ rounds ~ ' where depth = ' ~ depth) %}
        {% set round.goes_on = rows.columns[0].values()[0] > 0 %}
    {% endfor %}
    {% if round.goes_on %}
        {{ exceptions.raise_compiler_error('a chain of 100,000 models: the lineage is not what it should be') }}
    {% endif %}
{% endmacro %}

{# The table of the rounds, beside the model that reads it. #}
{% macro lineage_rounds(relation) %}
    {{ return(relation.incorporate(path={'identifier': relation.identifier ~ '__rounds'}, type='table')) }}
{% endmacro %}
