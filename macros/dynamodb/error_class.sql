{% macro error_class(message) -%}
    case
        when {{ message }} is null then null
        when {{ message }} ~ '^[A-Za-z][A-Za-z0-9_.]{2,62}:' then cast(split_part({{ message }}, ':', 1) as varchar(64))
        else 'unclassified'
    end
{%- endmacro %}
