{#- The ops schema, the ledger and one state table per subject; called at the start of each run. -#}
{% macro _ensure_ops() -%}
    {%- do run_query('create schema if not exists ' ~ ops_schema()) %}
    {%- set existing = run_query(
        "select table_name from information_schema.tables where table_schema = '"
        ~ ops_schema() ~ "'"
    ).columns[0].values() %}
    {%- if 'runs' not in existing %}
        {%- do run_query(_runs_ddl()) %}
    {%- endif %}
    {%- if 'runs_lock' not in existing %}
        {%- do run_query('create table if not exists ' ~ _runs_lock() ~ ' (locked_by varchar(64)) diststyle all') %}
    {%- endif %}
    {%- if 'arrivals' not in existing %}
        {%- do run_query(_arrivals_ddl()) %}
    {%- endif %}
    {%- for subject in _subjects() if 'state_' ~ subject not in existing %}
        {%- do run_query(_state_ddl(subject)) %}
        {%- do run_query(_state_rows(subject)) %}
    {%- endfor %}
{%- endmacro %}

{% macro _subjects() -%}
    {%- set found = [] %}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' %}
        {%- set subject = node.config.meta.get('subject') %}
        {%- if subject and subject not in found %}
            {%- do found.append(subject) %}
        {%- endif %}
    {%- endfor %}
    {{ return(found | sort) }}
{%- endmacro %}

{% macro _runs_ddl() -%}
create table if not exists {{ runs_table() }} (
    environment varchar(64) not null,
    subject varchar(64) not null,
    mode varchar(16) not null,
    step varchar(16) not null,
    name varchar(256),
    outcome varchar(32) not null,
    detail varchar(65535),
    refresh_id bigint,
    changed_refresh_id bigint,
    rows_removed bigint,
    rows_written bigint,
    slot_at timestamp,
    started_at timestamp not null,
    finished_at timestamp not null
)
diststyle all
sortkey (started_at)
{%- endmacro %}

{#- How many items of a refresh came how many hours behind the newest one staged before; 0: in order. -#}
{% macro _arrivals_ddl() -%}
create table if not exists {{ arrivals_table() }} (
    subject varchar(64) not null,
    model varchar(128) not null,
    refresh_id bigint not null,
    late_hours bigint not null,
    items bigint not null,
    counted_at timestamp not null
)
diststyle even
sortkey (counted_at)
{%- endmacro %}

{% macro _state_ddl(subject) -%}
create table if not exists {{ _state_table(subject) }} (
    entry varchar(300) not null,
    counter bigint,
    moment timestamp,
    content varchar(65535)
)
diststyle all
{%- endmacro %}

{% macro _state_rows(subject) -%}
insert into {{ _state_table(subject) }} (entry, counter)
select 'epoch', 0
union all select 'refresh_id', 0
union all select 'changed_refresh_id', 0
union all select 'slot incremental', cast(null as bigint)
union all select 'slot reconcile', cast(null as bigint)
union all select 'mass change', cast(null as bigint)
{%- endmacro %}
