{% macro event_day(attribute) -%}
    left(cast({{ dynamodb_path(attribute) }}."S" as varchar(40)), 10)
{%- endmacro %}
