{% macro dynamodb_text(path, bytes) -%}
    {#- One byte more than wanted, so that a text that is too long is seen whether a cast cuts or gives null. -#}
    {%- set text -%}
        cast({{ dynamodb_path(path) }}."S" as varchar({{ [bytes + 1, 65535] | min }}))
    {%- endset -%}
    cast(case when octet_length({{ text }}) <= {{ bytes }} then {{ text }} end as varchar({{ bytes }}))
{%- endmacro %}
