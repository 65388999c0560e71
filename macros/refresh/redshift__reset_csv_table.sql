{#-
dbt empties a seed by TRUNCATE, which commits on Redshift, and makes it anew by DROP .. CASCADE, which takes bound
views along. Here the rows go in the transaction that loads the new ones, and only other columns make a new table.
https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNCATE.html
-#}
{% macro redshift__reset_csv_table(model, full_refresh, old_relation, agate_table) -%}
    {%- for subject in _subjects_reading(model.unique_id) -%}
        {{- _lock_subject(subject) -}}
    {%- endfor -%}
    {%- set target = old_relation.incorporate(type='table').include(database=false) -%}
    {%- set stored = _catalog_columns(old_relation) -%}
    {%- set wanted = {} -%}
    {%- for name in agate_table.column_names -%}
        {%- set inferred = adapter.convert_type(agate_table, loop.index0) -%}
        {%- set wanted_type = model.config.get('column_types', {}).get(name, inferred) -%}
        {%- do wanted.update({name | string: _catalog_type(wanted_type)}) -%}
    {%- endfor -%}
    {%- if stored == wanted -%}
        {%- set sql = 'delete from ' ~ target -%}
        {%- do run_query(sql) -%}
        {{ return(sql) }}
    {%- endif -%}
    {%- set views = _drop_views(_bound_views(old_relation, stored | list)) -%}
    {%- do run_query('drop table ' ~ target) -%}
    {%- set sql = create_csv_table(model, agate_table) -%}
    {%- do _create_views(views) -%}
    {{ return(sql) }}
{%- endmacro %}

{#- The subjects of the models that read a node, in one order for all. -#}
{% macro _subjects_reading(unique_id) -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and unique_id in node.depends_on.nodes and node.config.meta.get('subject') -%}
        {%- do found.append(node.config.meta.subject) -%}
    {%- endfor -%}
    {{ return(found | unique | sort) }}
{%- endmacro %}
