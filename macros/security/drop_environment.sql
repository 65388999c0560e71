{% macro drop_environment(environment, confirm='') -%}
    {%- set schemas = _schemas_of(environment) -%}
    {%- do _refuse_unless_ours(environment, schemas) -%}
    {%- if confirm != environment -%}
        {%- do exceptions.raise_compiler_error(
            'this drops ' ~ schemas | join(', ') ~ ' with all they hold, tombstones and observed versions too; if '
            ~ "that is meant: dbt run-operation drop_environment --args '{environment: " ~ environment ~ ', confirm: '
            ~ environment ~ "}'"
        ) -%}
    {%- endif -%}
    {%- set readers = _views_elsewhere(schemas) -%}
    {%- if readers -%}
        {%- do exceptions.raise_compiler_error(
            environment ~ ' is read by ' ~ readers | join(', ') ~ '; nothing was dropped. Drop these views first') -%}
    {%- endif -%}
    {%- call statement('drop_schemas') -%}drop schema if exists {{ schemas | join(', ') }} cascade{%- endcall -%}
    {%- set roles = run_query(
        "select role_name from svv_roles where role_name in ('" ~ environment ~ "_refresher', '"
        ~ environment ~ '_' ~ _readers() | join("', '" ~ environment ~ '_') ~ "')"
    ).columns[0].values() -%}
    {%- for role in roles -%}
        {%- do run_query('drop role ' ~ role ~ ' force') -%}
    {%- endfor -%}
    {%- do adapter.commit() -%}
    {%- do log('dropped: ' ~ (schemas + (roles | list)) | join(', ') ~ '; datasets in Quick are left as they are', info=true) -%}
{%- endmacro %}

{% macro _schemas_of(environment) -%}
    {%- if environment == 'prod' -%}
        {%- do exceptions.raise_compiler_error('production is not dropped by a macro') -%}
    {%- elif not modules.re.fullmatch('[a-z][a-z0-9_]*', environment | string) -%}
        {%- do exceptions.raise_compiler_error(
            environment ~ ' is no name of an environment: lower-case letters, digits and _, a letter first') -%}
    {%- endif -%}
    {%- set schemas = [] -%}
    {%- for name in ['staging', 'ops', var('marts_schema', 'bi_reports')] -%}
        {%- do schemas.append(environment ~ '_' ~ name) -%}
    {%- endfor -%}
    {{ return(schemas) }}
{%- endmacro %}

{#- An environment of this project has a ledger, which names no other one, and the state of a subject. -#}
{% macro _refuse_unless_ours(environment, schemas) -%}
    {%- set tables = run_query(
        "select table_name from information_schema.tables where table_schema = '" ~ schemas[1] ~ "'"
    ).columns[0].values() -%}
    {%- set states = [] -%}
    {%- for name in tables if name.startswith('state_') -%}{%- do states.append(name) -%}{%- endfor -%}
    {%- set is_ours = states | length > 0 and 'runs' in tables and run_query(
        'select count(*) from ' ~ schemas[1] ~ ".runs where environment <> '" ~ environment ~ "'"
    ).rows[0][0] == 0 -%}
    {%- if not is_ours -%}
        {%- do exceptions.raise_compiler_error(
            environment ~ ' is no environment of this project: ' ~ schemas[1] ~ ' has not its ledger and state; '
            ~ 'nothing was dropped') -%}
    {%- endif -%}
{%- endmacro %}

{#- Views of other schemas, which CASCADE would take too. -#}
{% macro _views_elsewhere(schemas) -%}
    {%- set listed = "('" ~ schemas | join("', '") ~ "')" -%}
    {{ return(run_query(
        "select distinct reading.nspname || '.' || seen.relname as reader from pg_depend as link"
        ~ ' inner join pg_rewrite as rule on link.objid = rule.oid'
        ~ ' inner join pg_class as seen on rule.ev_class = seen.oid'
        ~ ' inner join pg_namespace as reading on seen.relnamespace = reading.oid'
        ~ ' inner join pg_class as held on link.refobjid = held.oid'
        ~ ' inner join pg_namespace as holding on held.relnamespace = holding.oid'
        ~ ' where holding.nspname in ' ~ listed ~ ' and reading.nspname not in ' ~ listed ~ ' order by 1'
    ).columns[0].values() | list) }}
{%- endmacro %}
