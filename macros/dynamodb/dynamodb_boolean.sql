{% macro dynamodb_boolean(path) -%}
    case when is_boolean({{ dynamodb_path(path) }}."BOOL") then cast({{ dynamodb_path(path) }}."BOOL" as boolean) end
{%- endmacro %}
