{% macro generate_schema_name(custom_schema_name, node) -%}
    {%- set names = {'marts': var('marts_schema', 'bi_reports')} -%}
    {%- set name = (custom_schema_name or 'staging') | trim -%}
    {{ return(environment_prefix() ~ names.get(name, name)) }}
{%- endmacro %}
