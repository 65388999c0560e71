{#- Creates the table of the contract or brings it there, in place. Returns true where its shape changed. -#}
{% macro _deploy_table(facts, target, existing) -%}
    {%- if existing is none -%}
        {%- do run_query(_table_ddl(target)) -%}
        {{ return(true) }}
    {%- endif -%}
    {%- set policy = config.get('on_schema_change', 'append_new_columns') -%}
    {%- set stored = {} -%}
    {%- for column in adapter.get_columns_in_relation(this) -%}
        {%- do stored.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {%- set changed = namespace(is=false) -%}
    {%- for column in model.columns.values() -%}
        {%- if column.name not in stored -%}
            {%- do _refuse_unless_allowed(policy, 'column ' ~ column.name ~ ' is new') -%}
            {%- do run_query('alter table ' ~ target ~ ' add column ' ~ column.name ~ ' ' ~ column.data_type) -%}
            {%- set changed.is = true -%}
        {%- elif stored[column.name] != _catalog_type(column.data_type) -%}
            {%- do _refuse_unless_allowed(policy, column.name ~ ' is ' ~ stored[column.name]) -%}
            {%- do _retype_column(facts, target, column) -%}
            {%- set changed.is = true -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in stored if name not in model.columns and policy == 'sync_all_columns' -%}
        {%- do run_query('alter table ' ~ target ~ ' drop column ' ~ name) -%}
        {%- set changed.is = true -%}
    {%- endfor -%}
    {{ return(changed.is) }}
{%- endmacro %}

{% macro _table_ddl(target) -%}
create table {{ target }} {{ get_table_columns_and_constraints() }}
{{ dist(config.get('dist')) }}
{{ sort(config.get('sort_type'), config.get('sort')) }}
{%- endmacro %}

{% macro _refuse_unless_allowed(policy, what) -%}
    {%- if policy in ['fail', 'ignore'] -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': ' ~ what ~ ' and on_schema_change is ' ~ policy
            ~ '; set it to append_new_columns or sync_all_columns'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#- A type is changed beside the old column, since Redshift alters types in no transaction:
    https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html -#}
{% macro _retype_column(facts, target, column) -%}
    {%- if column.name in facts.unique_key or column.name == facts.bounded_by or column.name == config.get('dist') -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': ' ~ column.name ~ ' is a key, so its type cannot change in place; drop '
            ~ target ~ ' and run the model again'
        ) -%}
    {%- endif -%}
    {%- set spare = column.name ~ '__retyped' -%}
    {%- do run_query('alter table ' ~ target ~ ' add column ' ~ spare ~ ' ' ~ column.data_type) -%}
    {%- do run_query(
        'update ' ~ target ~ ' set ' ~ spare ~ ' = try_cast(cast(' ~ column.name ~ ' as varchar(65535)) as '
        ~ column.data_type ~ ')'
    ) -%}
    {%- do run_query('alter table ' ~ target ~ ' drop column ' ~ column.name) -%}
    {%- do run_query('alter table ' ~ target ~ ' rename column ' ~ spare ~ ' to ' ~ column.name) -%}
{%- endmacro %}

{#- A contract's type as the catalog spells it. -#}
{% macro _catalog_type(data_type) -%}
    {%- set spelled = data_type | lower | replace(', ', ',') -%}
    {%- set spelled = spelled | replace('varchar(', 'character varying(') | replace('decimal(', 'numeric(') -%}
    {{ return('timestamp without time zone' if spelled == 'timestamp' else spelled) }}
{%- endmacro %}

{#- One row per image of a row that a refresh removed or wrote; see affected_keys(). -#}
{% macro _deploy_feed(facts) -%}
    {%- set feed = _change_feed(facts.name) -%}
    {%- set fed = facts.unique_key + facts.hand_on -%}
    {%- set relation = api.Relation.create(
        database=this.database, schema=ops_schema(), identifier=facts.name ~ '__changes', type='table'
    ) -%}
    {%- set stored = adapter.get_columns_in_relation(relation) | map(attribute='name') | list -%}
    {%- if not stored -%}
        {%- call statement('create_feed') -%}
create table {{ feed }} (
    feed_refresh_id bigint not null,
    image varchar(4) not null,
    {%- for name in fed %}
    {{ name }} {{ model.columns[name].data_type }}{{ ',' if not loop.last }}
    {%- endfor %}
)
diststyle even
sortkey (feed_refresh_id)
        {%- endcall -%}
    {%- else -%}
        {%- for name in fed if name not in stored -%}
            {%- do run_query('alter table ' ~ feed ~ ' add column ' ~ name ~ ' ' ~ model.columns[name].data_type) -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
