{% macro environment() -%}
    {{ return(var('environment', target.schema)) }}
{%- endmacro %}
