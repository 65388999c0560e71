{% macro replicated_attributes(table) -%}
    {%- for node in graph.sources.values() if node.name == table -%}
        {{ return(node.config.meta.dynamodb.attributes | list) }}
    {%- endfor -%}
    {{ return([]) }}
{%- endmacro %}
