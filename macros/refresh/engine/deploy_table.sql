{#-
What it takes to bring a table to its contract, in place: {is_new, renamed {from: to}, added [column],
remade {name: {from, to}}, dropped [name]}.
-#}
{% macro _table_plan(target, existing) -%}
    {%- set plan = {'is_new': existing is none, 'renamed': {}, 'added': [], 'remade': {}, 'dropped': []} -%}
    {%- if existing is none -%}{{ return(plan) }}{%- endif -%}
    {%- set policy = config.get('on_schema_change', 'append_new_columns') -%}
    {%- set stored = _stored_columns(this) -%}
    {%- for column in model.columns.values() if column.name not in stored -%}
        {%- set former = column.get('config', {}).get('meta', {}).get('renamed_from') -%}
        {%- if former in stored and former not in model.columns -%}
            {%- do _refuse_unless_allowed(policy, former ~ ' is renamed ' ~ column.name) -%}
            {%- do plan.renamed.update({former: column.name}) -%}
            {%- do stored.update({column.name: stored.pop(former)}) -%}
        {%- else -%}
            {%- do _refuse_unless_allowed(policy, 'column ' ~ column.name ~ ' is new') -%}
            {%- do plan.added.append(column) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name, held in stored.items() -%}
        {%- set column = model.columns.get(name) -%}
        {%- if column -%}
            {%- set is_typed = held.type == _catalog_type(column.data_type) -%}
            {%- set may_be_null = column.constraints | selectattr('type', 'equalto', 'not_null') | list | length == 0 -%}
            {%- if not is_typed -%}{%- do _refuse_unless_allowed(
                policy, name ~ ' is ' ~ held.type ~ ', the contract says ' ~ column.data_type) -%}{%- endif -%}
            {%- if not is_typed or (held.is_required and may_be_null) -%}
                {%- do plan.remade.update({name: {'from': held.type, 'to': column.data_type}}) -%}
            {%- endif -%}
        {%- elif name.endswith('__spare') -%}
            {%- if name.removesuffix('__spare') not in plan.remade -%}{%- do plan.dropped.append(name) -%}{%- endif -%}
        {%- elif policy == 'sync_all_columns' and not _bound_views(target, [name]) -%}
            {%- do plan.dropped.append(name) -%}
        {%- elif held.is_required -%}
            {#- The model writes it no more, and NOT NULL would fail every insert. -#}
            {%- do plan.remade.update({name: {'from': held.type, 'to': held.type}}) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for name in plan.renamed.values() if name in plan.remade -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': ' ~ name ~ ' is renamed and gets another type at once; deploy the one, then the other'
        ) -%}
    {%- endfor -%}
    {%- for name in plan.remade if name in _physical_keys() -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': ' ~ name ~ ' cannot be remade from ' ~ plan.remade[name].from ~ ' to '
            ~ plan.remade[name].to ~ ' in place, because it is the dist or sort key of ' ~ target
            ~ '. Make a column of another name, with the new type, and the key dist and sort of it; or drop the '
            ~ 'table, which readers will notice'
        ) -%}
    {%- endfor -%}
    {{ return(plan) }}
{%- endmacro %}

{% macro _is_reshaped(plan) -%}
    {{ return(plan.is_new or plan.renamed or plan.added or plan.remade or plan.dropped) }}
{%- endmacro %}

{#- {name: {type, is_required}} of a table, as the catalog spells types. -#}
{% macro _stored_columns(relation) -%}
    {%- set stored = {} -%}
    {%- for name, type in _catalog_columns(relation).items() -%}
        {%- do stored.update({name: {'type': type, 'is_required': false}}) -%}
    {%- endfor -%}
    {%- for row in run_query(
        "select column_name from information_schema.columns where is_nullable = 'NO' and table_schema = '"
        ~ relation.schema ~ "' and table_name = '" ~ relation.identifier ~ "'"
    ).rows -%}
        {%- do stored[row[0]].update({'is_required': true}) -%}
    {%- endfor -%}
    {{ return(stored) }}
{%- endmacro %}

{#- Columns that Redshift neither adds nor drops: https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html -#}
{% macro _physical_keys() -%}
    {%- set sort = config.get('sort', []) -%}
    {{ return(([sort] if sort is string else sort) + [config.get('dist')]) }}
{%- endmacro %}

{% macro _table_ddl(target) -%}
create table {{ target }} {{ get_table_columns_and_constraints() }}
{{ dist(config.get('dist')) }}
{{ sort(config.get('sort_type'), config.get('sort')) }}
{%- endmacro %}

{% macro _refuse_unless_allowed(policy, what) -%}
    {%- if policy in ['fail', 'ignore'] -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': ' ~ what ~ ' and on_schema_change is ' ~ policy
            ~ '; set it to append_new_columns or sync_all_columns'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{#- A contract's type as the catalog spells it. -#}
{% macro _catalog_type(data_type) -%}
    {%- set spelled = data_type | lower | replace(', ', ',') -%}
    {%- set spelled = spelled | replace('varchar(', 'character varying(') | replace('decimal(', 'numeric(') -%}
    {{ return('timestamp without time zone' if spelled == 'timestamp' else spelled) }}
{%- endmacro %}

{#- One row per image of a row that a refresh removed or wrote; see affected_keys(). -#}
{% macro _deploy_feed(facts) -%}
    {%- set feed = _change_feed(facts.name) -%}
    {%- set relation = api.Relation.create(
        database=this.database, schema=ops_schema(), identifier=facts.name ~ '__changes', type='table'
    ) -%}
    {%- set stored = _catalog_columns(relation) -%}
    {%- if not stored -%}
        {%- call statement('create_feed') -%}
create table {{ feed }} (
    feed_refresh_id bigint not null,
    image varchar(4) not null,
    {%- for name in facts.unique_key + facts.hand_on %}
    {{ name }} {{ model.columns[name].data_type }}{{ ',' if not loop.last }}
    {%- endfor %}
)
diststyle even
sortkey (feed_refresh_id)
        {%- endcall -%}
    {%- else -%}
        {%- set changed = [] -%}
        {%- for name in facts.unique_key + facts.hand_on
            if stored.get(name) != _catalog_type(model.columns[name].data_type) -%}
            {%- do changed.append(name) -%}
        {%- endfor -%}
        {%- if changed -%}{%- do _alter_feed(feed, stored, changed) -%}{%- endif -%}
    {%- endif -%}
{%- endmacro %}

{#- What the feed held has no such column, so a consumer that has not read all of it recomputes everything. -#}
{% macro _alter_feed(feed, stored, changed) -%}
    {%- set newest = run_query('select max(feed_refresh_id) from ' ~ feed).rows[0][0] -%}
    {%- do run_query('delete from ' ~ feed) -%}
    {%- if newest is not none -%}
        {%- do run_query('insert into ' ~ feed ~ ' (feed_refresh_id, image) select ' ~ newest ~ ", 'trim'") -%}
    {%- endif -%}
    {%- for name in changed -%}
        {%- if name in stored -%}{%- do run_query('alter table ' ~ feed ~ ' drop column ' ~ name) -%}{%- endif -%}
        {%- do run_query('alter table ' ~ feed ~ ' add column ' ~ name ~ ' ' ~ model.columns[name].data_type) -%}
    {%- endfor -%}
{%- endmacro %}

{#- A consumer finds its keys in the feed of its upstream, so the feed has to have them. -#}
{% macro _refuse_unfed(facts) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name in facts.tables -%}
        {%- set upstream = _model_facts(node) -%}
        {%- for name in facts.reads[node.name] if name not in upstream.unique_key + upstream.hand_on -%}
            {%- do exceptions.raise_compiler_error(
                facts.name ~ ': meta.refresh.reads names ' ~ name ~ ' of ' ~ node.name
                ~ ', whose feed does not have it; put it into meta.refresh.hand_on of ' ~ node.name
            ) -%}
        {%- endfor -%}
    {%- endfor -%}
{%- endmacro %}
