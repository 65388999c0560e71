{% macro runs_table() -%}
    {{ return(ops_schema() ~ '.runs') }}
{%- endmacro %}
