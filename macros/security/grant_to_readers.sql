{% macro grant_to_readers() -%}
    {{ return(_reader_grants(this, model) | join(';\n')) }}
{%- endmacro %}

{#- A folder of marts that names no reader is the deployer's alone. A role that a folder no longer names loses it. -#}
{% macro _reader_grants(relation, node) -%}
    {%- set reader = node.config.meta.get('reader') -%}
    {%- if reader is not none and reader not in _readers() -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ ': meta.reader is ' ~ reader ~ '; dbt_project.yml may name ' ~ _readers() | join(' or ')
        ) -%}
    {%- endif -%}
    {%- set target = relation.include(database=false) -%}
    {%- set statements = [] -%}
    {%- for role in _readers() -%}
        {%- if role == reader -%}
            {%- do statements.append('grant select on ' ~ target ~ ' to role ' ~ role_name(role)) -%}
        {%- else -%}
            {%- do statements.append('revoke all on ' ~ target ~ ' from role ' ~ role_name(role)) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(statements) }}
{%- endmacro %}
