{% macro pipeline_id(source, category) -%}
    cast({{ source }} || coalesce('#' || {{ category }}, '') as varchar(129))
{%- endmacro %}
