{% macro dynamodb_integer(path) -%}
    {%- set digits -%}
        cast({{ dynamodb_path(path) }}."N" as varchar(64))
    {%- endset -%}
    case
        when {{ digits }} ~ '^-?[0-9]{1,18}([.]0+)?$'
            then cast(split_part({{ digits }}, '.', 1) as bigint)
    end
{%- endmacro %}
