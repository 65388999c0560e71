{% macro dynamodb_state(path, expected) -%}
    {%- set attribute = dynamodb_path(path) -%}
    case
        when {{ attribute }} is null then 'absent'
        {%- for tag in expected %}
        when {{ attribute }}."{{ tag }}" is not null then '{{ tag }}'
        {%- endfor %}
        else 'other'
    end
{%- endmacro %}
