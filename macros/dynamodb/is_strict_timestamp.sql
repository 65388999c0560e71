{% macro is_strict_timestamp(text) -%}
    {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}T[0-9]{2}:[0-9]{2}:[0-9]{2}Z$'
{%- endmacro %}
