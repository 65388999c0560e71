{% macro clock_minutes(clock) -%}
    cast(split_part({{ clock }}, ':', 1) as integer) * 60 + cast(split_part({{ clock }}, ':', 2) as integer)
{%- endmacro %}
