{#- A procedure or view whose text reads another environment's tables, or only a part of them, must never be deployed. -#}
{% macro _refuse_deferral() -%}
    {%- for unique_id in model.depends_on.nodes -%}
        {%- set node = graph.nodes.get(unique_id) -%}
        {%- if node and node.resource_type in ['model', 'seed'] and node.config.materialized != 'ephemeral' -%}
            {%- set read = ref(node.name) -%}
            {%- if (read.schema, read.identifier) != (node.schema, node.alias) -%}
                {%- do exceptions.raise_compiler_error(
                    model.name ~ ' would read ' ~ read ~ ' instead of ' ~ node.schema ~ '.' ~ node.alias
                    ~ '; procedures and views are never deployed with --defer: build their upstreams first'
                ) -%}
            {%- endif -%}
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
