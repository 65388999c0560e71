{% macro environment() -%}
    {{ return(var('environment', target.name)) }}
{%- endmacro %}
