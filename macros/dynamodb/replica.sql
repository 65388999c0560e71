{% macro replica(table) -%}
    {%- set replicated = source('zero_etl_' ~ table | replace('-', '_'), table) -%}
    {%- set schema = var('zero_etl_external_schemas', {}).get(table) -%}
    {{ replicated if schema is none else adapter.quote(schema) ~ '.' ~ adapter.quote(table) }}
{%- endmacro %}
