{% macro compact_date(text) -%}
    case
        when {{ text }} ~ '^[0-9]{8}$'
            then try_cast(
                left({{ text }}, 4) || '-' || substring({{ text }}, 5, 2) || '-' || right({{ text }}, 2) as date
            )
    end
{%- endmacro %}
