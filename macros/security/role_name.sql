{% macro role_name(role) -%}
    {{ return(environment_prefix() ~ role) }}
{%- endmacro %}
