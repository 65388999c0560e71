{#-
Called by the on-run-end hook: a column that a model gave up stays while views show it, `select *` being enough; once
this run has deployed all of those, it goes.
-#}
{% macro finish_run(results) -%}
    {%- if execute and flags.WHICH in ['run', 'build'] and not flags.EMPTY -%}
        {%- set deployed = [] -%}
        {%- for result in results if result.status == 'success' and result.node.resource_type == 'model' -%}
            {%- do deployed.append((result.node.schema, result.node.alias)) -%}
        {%- endfor -%}
        {%- for node in graph.nodes.values()
            if node.config.get('on_schema_change') == 'sync_all_columns' and (node.schema, node.alias) in deployed -%}
            {%- set table = api.Relation.create(database=node.database, schema=node.schema, identifier=node.alias) -%}
            {%- set given_up = _catalog_columns(table) | reject('in', node.columns) | list -%}
            {%- set views = _bound_views(table, given_up) -%}
            {%- if given_up and views | reject('in', deployed) | list | length == 0 -%}
                {{- _lock_subject(node.config.meta.subject) -}}
                {%- set dropped = _drop_views(views) -%}
                {%- for name in given_up -%}
                    {%- do run_query('alter table ' ~ table.include(database=false) ~ ' drop column ' ~ name) -%}
                {%- endfor -%}
                {%- do _create_views(dropped) -%}
                {%- do adapter.commit() -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
