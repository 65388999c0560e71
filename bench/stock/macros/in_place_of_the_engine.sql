{# What the borrowed models ask the refresh engine for, said as stock dbt would say it. #}

{# Items that started after the newest one staged. #}
{% macro changed_items(table) -%}
{%- do replica(table) -%}
{%- if execute -%}
    {%- set stored = adapter.get_relation(target.database, target.schema ~ '_stock', 'stg_' ~ table | replace('-', '_')) -%}
select
    item.log_key,
    item."value",
    {{ item_hash('item."value"') }} as item_hash
from {{ replica(table) }} as item
    {%- if stored is not none and not flags.FULL_REFRESH %}
where {{ utc_timestamp('cast(item."value"."started_at"."S" as varchar(40))') }} > (select max(started_at) from {{ stored }})
    {%- endif %}
{%- endif -%}
{%- endmacro %}

{# Keys of upstream rows that started after the newest one here. #}
{% macro affected_keys() -%}
{%- if execute -%}
    {%- set reads = model.config.meta.refresh.reads.items() | first -%}
select distinct {{ reads[1] | join(', ') }}
from {{ ref(reads[0]) }}
    {%- if is_incremental() %}
where started_at > (select max(started_at) from {{ this }})
    {%- endif %}
{%- endif -%}
{%- endmacro %}

{% macro in_affected_range(column) -%}
    {%- set key = column.split('.') | last -%}
    {{ column }} between (select min(affected.{{ key }}) from affected) and (select max(affected.{{ key }}) from affected)
{%- endmacro %}

{# Stock models keep everything. #}
{% macro is_retained(day) -%}
    true
{%- endmacro %}

{% macro generate_schema_name(custom_schema_name, node) -%}
    {{ target.schema ~ '_' ~ custom_schema_name if custom_schema_name else target.schema }}
{%- endmacro %}
