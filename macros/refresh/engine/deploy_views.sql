{#-
Views are bound to the columns they show. So a column is remade with those views dropped and made again, from the
statements kept in the state, in the transaction that remakes it: a reader sees one or the other.
-#}

{#- The (schema, name) of views that show one of the columns, each after those that it reads itself. -#}
{% macro _bound_views(target, columns) -%}
    {%- if not columns -%}{{ return([]) }}{%- endif -%}
    {%- set links = run_query(_view_links()).rows -%}
    {%- set found = namespace(views=[], next=[]) -%}
    {%- for link in links if (link[2], link[3]) == (target.schema, target.identifier) and link[4] in columns -%}
        {%- do found.next.append((link[0], link[1])) -%}
    {%- endfor -%}
    {%- for _ in range(50) if found.next -%}
        {%- set readers = [] -%}
        {%- for link in links if (link[2], link[3]) in found.next -%}
            {%- do readers.append((link[0], link[1])) -%}
        {%- endfor -%}
        {#- A view that is found again, further away, comes after what lies in between. -#}
        {%- set found.views = found.views | reject('in', found.next) | list + found.next | unique | list -%}
        {%- set found.next = readers -%}
    {%- endfor -%}
    {{ return(found.views) }}
{%- endmacro %}

{#- Which view shows which column of which relation. 2618 is pg_rewrite, where the catalog keeps views. -#}
{% macro _view_links() -%}
    select distinct
        view_schema.nspname, shown.relname, read_schema.nspname, origin.relname, origin_column.attname
    from pg_depend as reading
    inner join pg_rewrite as rewriting on reading.objid = rewriting.oid
    inner join pg_class as shown on rewriting.ev_class = shown.oid
    inner join pg_namespace as view_schema on shown.relnamespace = view_schema.oid
    inner join pg_class as origin on reading.refobjid = origin.oid
    inner join pg_namespace as read_schema on origin.relnamespace = read_schema.oid
    left join pg_attribute as origin_column
        on reading.refobjid = origin_column.attrelid and reading.refobjsubid = origin_column.attnum
    where reading.classid = 2618 and shown.oid <> origin.oid and shown.relkind = 'v'
{%- endmacro %}

{#- A view can be dropped only where the state knows how to make it again. -#}
{% macro _require_statements(views) -%}
    {%- for schema, name in views if not _kept_statement(schema, name) -%}
        {%- do exceptions.raise_compiler_error(
            'the view ' ~ schema ~ '.' ~ name ~ ' shows a column that changes, and this project does not know how to '
            ~ 'make it again; nothing was changed. Drop the view, run this again, then create it again'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{#- Drops views and returns what _create_views makes them again from. -#}
{% macro _drop_views(views) -%}
    {%- do _require_statements(views) -%}
    {%- set dropped = [] -%}
    {%- for schema, name in views -%}
        {%- set grants = run_query(
            'select privilege_type, identity_type, identity_name from svv_relation_privileges where namespace_name = '
            ~ "'" ~ schema ~ "' and relation_name = '" ~ name ~ "' and identity_name <> current_user"
        ).rows -%}
        {%- do dropped.append({
            'node': _view_node(schema, name),
            'statement': _kept_statement(schema, name),
            'grants': grants,
        }) -%}
    {%- endfor -%}
    {%- for schema, name in views | reverse -%}
        {%- do run_query('drop view ' ~ schema ~ '.' ~ name) -%}
    {%- endfor -%}
    {{ return(dropped) }}
{%- endmacro %}

{% macro _create_views(dropped) -%}
    {%- for view in dropped -%}
        {%- set relation = api.Relation.create(
            database=view.node.database, schema=view.node.schema, identifier=view.node.alias, type='view'
        ) -%}
        {%- do run_query(view.statement) -%}
        {%- for privilege, kind, grantee in view.grants -%}
            {%- set named = 'public' if kind == 'public'
                else ('' if kind == 'user' else kind ~ ' ') ~ adapter.quote(grantee) -%}
            {%- do run_query('grant ' ~ privilege ~ ' on ' ~ relation.include(database=false) ~ ' to ' ~ named) -%}
        {%- endfor -%}
        {%- do run_query(alter_relation_comment(relation, view.node.description)) -%}
        {%- do run_query(alter_column_comment(relation, view.node.columns)) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro _view_node(schema, name) -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.schema == schema and node.alias == name -%}
        {{ return(node) }}
    {%- endfor -%}
{%- endmacro %}

{% macro _kept_statement(schema, name) -%}
    {%- set node = _view_node(schema, name) -%}
    {%- set stored = run_query(
        'select content from ' ~ _state_table(node.config.meta.subject) ~ " where entry = 'text " ~ name ~ "'"
    ).rows if node else [] -%}
    {{ return(stored[0][0] if stored else none) }}
{%- endmacro %}

{#- {column: type} of a relation as the catalog spells it, and of the contract of this model. -#}
{% macro _catalog_columns(relation) -%}
    {%- set stored = {} -%}
    {%- for column in adapter.get_columns_in_relation(relation) -%}
        {%- do stored.update({column.name: column.data_type}) -%}
    {%- endfor -%}
    {{ return(stored) }}
{%- endmacro %}

{% macro _contracted_columns() -%}
    {%- set contracted = {} -%}
    {%- for column in model.columns.values() -%}
        {%- do contracted.update({column.name: _catalog_type(column.data_type)}) -%}
    {%- endfor -%}
    {{ return(contracted) }}
{%- endmacro %}
