{% macro grant_roles(members={}) -%}
    {%- do _ensure_ops() %}
    {%- do _ensure_access() %}
    {%- for role, users in members.items() %}
        {%- if role not in ['refresher'] + _readers() %}
            {%- do exceptions.raise_compiler_error(
                'there is no role ' ~ role ~ '; use refresher, ' ~ _readers() | join(' or ')
            ) %}
        {%- endif %}
        {%- for user in users %}
            {%- do run_query('grant role ' ~ role_name(role) ~ ' to ' ~ adapter.quote(user)) %}
            {%- do log(adapter.quote(user) ~ ' is now a member of ' ~ role_name(role), info=true) %}
        {%- endfor %}
    {%- endfor %}
    {%- set existing = run_query(
        "select table_name from information_schema.tables where table_schema = '"
        ~ generate_schema_name('marts', none) ~ "'"
    ).columns[0].values() %}
    {%- for node in graph.nodes.values() if node.fqn[1] == 'marts' and node.alias in existing %}
        {%- set relation = api.Relation.create(schema=node.schema, identifier=node.alias) %}
        {%- for statement in _reader_grants(relation, node) %}
            {%- do run_query(statement) %}
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}
