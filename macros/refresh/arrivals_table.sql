{% macro arrivals_table() -%}
    {{ return(ops_schema() ~ '.arrivals') }}
{%- endmacro %}
