{#- A superuser's work: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html and the pages of SCHEMA,
    PROCEDURE and ROLE say who may alter a thing, none that an owner may give it away. -#}
{% macro transfer_ownership(to) -%}
    {%- set schemas = [generate_schema_name('staging', none), ops_schema(), generate_schema_name('marts', none)] -%}
    {%- set listed = "('" ~ schemas | join("', '") ~ "')" -%}
    {%- set owner = adapter.quote(to) -%}
    {%- if not run_query('select usesuper from pg_user where usename = current_user').rows[0][0] -%}
        {%- do exceptions.raise_compiler_error(
            target.user ~ ' is no superuser, and only a superuser gives ownership away; nothing was changed. Run it '
            ~ 'as the administrator') -%}
    {%- elif run_query("select 1 from pg_user where usename = '" ~ escape_single_quotes(to) ~ "'").rows | length == 0 -%}
        {%- do exceptions.raise_compiler_error('there is no user ' ~ to ~ '; nothing was changed') -%}
    {%- endif -%}
    {#- Refreshes end first, and none sees half of it. -#}
    {%- for subject in _subjects() -%}{%- do _lock_subject(subject) -%}{%- endfor -%}
    {%- for schema in schemas -%}
        {%- do run_query('alter schema ' ~ schema ~ ' owner to ' ~ owner) -%}
    {%- endfor -%}
    {%- set tables = run_query(
        "select holding.nspname || '.' || held.relname as name from pg_class as held"
        ~ ' inner join pg_namespace as holding on held.relnamespace = holding.oid'
        ~ " where held.relkind in ('r', 'v') and holding.nspname in " ~ listed ~ ' order by 1'
    ).columns[0].values() -%}
    {%- for table in tables -%}
        {%- do run_query('alter table ' ~ table ~ ' owner to ' ~ owner) -%}
    {%- endfor -%}
    {%- set procedures = _procedure_signatures() -%}
    {%- for signature in procedures -%}
        {%- do run_query('alter procedure ' ~ signature ~ ' owner to ' ~ owner) -%}
    {%- endfor -%}
    {%- for role in ['refresher'] + _readers() -%}
        {%- do run_query('alter role ' ~ role_name(role) ~ ' owner to ' ~ owner) -%}
    {%- endfor -%}
    {%- do _refuse_left_behind(to, listed) -%}
    {%- do adapter.commit() -%}
    {%- do log(
        owner ~ ' owns ' ~ schemas | join(', ') ~ ': ' ~ tables | length ~ ' tables and views, ' ~ procedures | length
        ~ ' procedures, and the roles. See that it may use the Zero-ETL databases and create in the database, as '
        ~ 'docs/setup-aws.md has it for the deployer: procedures have its rights from now on', info=true) -%}
{%- endmacro %}

{#- Every procedure of the project that is deployed, by the types of its input arguments. -#}
{% macro _procedure_signatures() -%}
    {%- set deployed = run_query(
        'select proc.proname from pg_proc as proc inner join pg_namespace as holding on proc.pronamespace = holding.oid'
        ~ " where holding.nspname = '" ~ ops_schema() ~ "'"
    ).columns[0].values() -%}
    {%- set signatures = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' -%}
        {%- if node.config.materialized == 'procedure' and node.name in deployed -%}
            {%- do signatures.append(
                ops_schema() ~ '.' ~ node.name ~ '(' ~ _input_types(node.config.meta.arguments) ~ ')') -%}
        {%- elif node.name ~ '__refresh' in deployed -%}
            {%- do signatures.append(_model_signature(node.name)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(signatures) }}
{%- endmacro %}

{% macro _refuse_left_behind(to, listed) -%}
    {%- set left = run_query(
        'select proc.proname from pg_proc as proc inner join pg_namespace as holding on proc.pronamespace = holding.oid'
        ~ ' inner join pg_user as owner on proc.proowner = owner.usesysid where holding.nspname in ' ~ listed
        ~ " and owner.usename <> '" ~ escape_single_quotes(to) ~ "' order by 1"
    ).columns[0].values() | list -%}
    {%- if left -%}
        {%- do exceptions.raise_compiler_error(
            left | join(', ') ~ ' would keep another owner, because the project no longer has them; nothing was changed. '
            ~ 'Drop them first') -%}
    {%- endif -%}
{%- endmacro %}
