{#-
The body of check_<subject>: the dbt tests of its tables that are tagged before_spice, and how many rows each
dataset relation has, so that a caller without any table right can tell whether SPICE may and did load it.
-#}
{% macro check_subject(subject, datasets) -%}
{%- if execute -%}
{%- set tests = _tests_before_spice(subject) -%}
declare
    v_rows bigint;
    v_failures varchar(65535);
    v_counts varchar(65535);
begin
    v_failures := '';
    v_counts := '';
    {%- for test in tests %}
    select count(*) into v_rows from (
{{ test.sql }}
    ) as failing;
    if v_rows > 0 then
        v_failures := v_failures || case when v_failures = '' then '' else ', ' end
            || '{"test": "{{ test.name }}", "rows": ' || cast(v_rows as varchar(20)) || '}';
    end if;
    {%- endfor %}
    {%- for dataset in datasets %}
    select count(*) into v_rows from {{ dataset.include(database=false) }};
    v_counts := v_counts || '{{ ', ' if not loop.first }}"{{ dataset.identifier }}": ' || cast(v_rows as varchar(20));
    {%- endfor %}
    p_result := '{"failures": [' || v_failures || '], "counts": {' || v_counts || '}}';
end;
{%- endif -%}
{%- endmacro %}

{% macro _tests_before_spice(subject) -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'test' and 'before_spice' in node.tags -%}
        {%- set tested = graph.nodes.get(node.attached_node) -%}
        {%- if tested and tested.config.meta.get('subject') == subject -%}
            {%- set arguments = {} -%}
            {%- for name, value in node.test_metadata.kwargs.items() if name != 'model' -%}
                {%- do arguments.update({name: value}) -%}
            {%- endfor -%}
            {%- set relation = api.Relation.create(schema=tested.schema, identifier=tested.alias) -%}
            {%- set sql = context['test_' ~ node.test_metadata.name](model=relation, **arguments) -%}
            {%- do found.append({'name': node.name, 'sql': sql}) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found | sort(attribute='name')) }}
{%- endmacro %}
