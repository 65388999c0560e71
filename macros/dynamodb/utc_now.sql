{% macro utc_now() -%}
    getdate()
{%- endmacro %}
