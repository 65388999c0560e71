{% macro key_day(log_key) -%}
    coalesce({{ compact_date('right(' ~ log_key ~ ', 8)') }}, cast('1970-01-01' as date))
{%- endmacro %}
