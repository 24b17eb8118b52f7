{# What each table was built from, so that a build leaves alone what could only come out the same: on
   most days nobody's parents, names and sizes change.

   state.table_versions has a row for each table and view: `inputs`, a hash of its SQL and of the
   versions of all it reads, and `version`, a hash of its rows. A table built again with the rows that
   it had has the version that it had, and what is made of it stands. The row is written in the
   transaction that makes the table. `--full-refresh` asks nobody. #}

{% macro begin_table_versions() %}
    {% if execute and flags.WHICH in ['build', 'run', 'seed', 'retry'] and are_versions_kept() %}
        {% do run_query('create schema if not exists state') %}
        {% do run_query(
            'create table if not exists state.table_versions (table_name varchar, inputs varchar, version varchar)'
        ) %}
    {% endif %}
{% endmacro %}

{# Where several processes write, none knows of another's tables. #}
{% macro are_versions_kept() %}
    {{ return(target.name == 'duckdb') }}
{% endmacro %}

{# A hash of the inputs of the table that is built, `now` and as it stands (`before`); `now` is none
   where the version of an input is unknown, or none is kept. Its contract is one of them: that has the
   types of its columns. #}
{% macro inputs_of_table() %}
    {% if not are_versions_kept() %}
        {{ return({'now': none, 'before': none}) }}
    {% endif %}
    {% set read = {} %}
    {% do collect_inputs(model.depends_on.nodes, read) %}
    {% set tables = read.values() | rejectattr('resource_type', 'equalto', 'source') | map(attribute='relation_name') | list %}
    {% set sources = read.values() | selectattr('resource_type', 'equalto', 'source') | list %}
    {% set query %}
        with versions as (
            select
                table_name,
                version
            from state.table_versions
            where table_name in ('{{ tables | join("', '") }}')
            {% for source in sources %}
            union all
            select '{{ source.relation_name }}', ({{ source_version(source) }})
            {% endfor %}
        )

        select
            case
                when count(version) = {{ read | length }}
                    then md5('{{ local_md5(compiled_code ~ model.contract.checksum) }}' || string_agg(table_name || version, ' ' order by table_name))
            end as now,
            (
                select any_value(inputs)
                from state.table_versions
                where table_name = '{{ this }}'
            ) as before
        from versions
    {% endset %}
    {% set row = run_query(query).rows[0] %}
    {{ return({'now': row[0], 'before': row[1]}) }}
{% endmacro %}

{# What a model reads: tables, and what stands behind the views that it reads. #}
{% macro collect_inputs(ids, found) %}
    {% for id in ids if id not in found %}
        {% set node = graph.sources[id] if id.startswith('source.') else graph.nodes[id] %}
        {% do found.update({id: node}) %}
        {% if node.resource_type == 'model' and node.config.materialized == 'view' %}
            {% do collect_inputs(node.depends_on.nodes, found) %}
        {% endif %}
    {% endfor %}
{% endmacro %}

{# A hash of what a table of `raw` says. Readings are too many to be looked at: nothing writes any but a
   load of their source, which stands in the ledger. Metadata is told by its keys and content hashes. #}
{% macro source_version(source) %}
    {% if source.name.endswith('_readings') %}
        select coalesce(sum(hash(load_id, status, sha256, started_at)), 0) || ':' || count(*)
        from raw.loads
        where source = '{{ source.name | replace("_readings", "") }}' and status <> 'failed'
    {% elif source.name.endswith('_metadata') %}
        select coalesce(sum(hash(name_key, day, load_id, content_hash)), 0) || ':' || count(*)
        from {{ source.relation_name }}
    {% else %}
        select coalesce(sum(hash(t)), 0) || ':' || count(*)
        from {{ source.relation_name }} as t
    {% endif %}
{% endmacro %}

{# Whether the table stands as this build would make it. What asks for the time or for chance is made
   anew. #}
{% macro is_unchanged(inputs) %}
    {% set sql = compiled_code | lower %}
    {{ return(
        inputs.now is not none
        and inputs.now == inputs.before
        and not flags.FULL_REFRESH
        and not ('now()' in sql or 'current_timestamp' in sql or 'current_date' in sql or 'random()' in sql)
        and (load_cached_relation(this) or {}).type == 'table'
    ) }}
{% endmacro %}

{# Notes the version of a table that was made: a hash of its rows. `otherwise`, an expression in SQL,
   stands for that of a large table, which costs too much to hash for what it saves: a table of a million
   rows is hardly ever the same as before where its inputs are not. Of one without it nothing is noted. #}
{% macro note_version(relation, inputs, otherwise) %}
    {% if are_versions_kept() %}
        {% set version = otherwise %}
        {% if relation.type == 'table' and run_query('select count(*) from ' ~ relation).rows[0][0] <= 1000000 %}
            {% set version = "(select coalesce(sum(hash(t)), 0) || ':' || count(*) from " ~ relation ~ ' as t)' %}
        {% endif %}
        {% do run_query("delete from state.table_versions where table_name = '" ~ relation ~ "'") %}
        {% if version %}
            {% do run_query(
                "insert into state.table_versions values ('" ~ relation ~ "', "
                ~ ("'" ~ inputs ~ "'" if inputs else 'null') ~ ', ' ~ version ~ ')'
            ) %}
        {% endif %}
    {% endif %}
{% endmacro %}

{# The same of what dbt's own materializations make: seeds, and incremental models, which tell
   themselves what stands in them. #}
{% macro note_version_after() %}
    {% if execute and are_versions_kept()
        and (model.resource_type == 'seed' or model.config.materialized == 'incremental') %}
        {% set relation = this.incorporate(type='table') %}
        {% set otherwise = none %}
        {% if is_fingerprinted(this) %}
            {% set otherwise = "(select sum(hash(fingerprint, n)) || ':' || count(*) from (select fingerprint, count(*) as n from "
                ~ this ~ ' group by fingerprint))' %}
        {% endif %}
        {% do note_version(relation, none, otherwise) %}
    {% endif %}
{% endmacro %}
