{% macro ops_schema() -%}
    {{ return(generate_schema_name('ops', none)) }}
{%- endmacro %}
