{#-
_delta__ of a mart: the rows of the affected keys as they should be now, against those stored. EXCEPT treats
nulls as equal, so a recomputed row that is equal is neither removed nor written.
-#}
{% macro _mart_rows(facts, target, model_sql) -%}
    {%- set keys = facts.unique_key -%}
    {%- set now = '_now__' ~ facts.name -%}
    {%- set delta = '_delta__' ~ facts.name -%}
    {%- set affected = '_affected__' ~ facts.name -%}
    {%- if facts.affected %}
    {%- set named = affected_keys() -%}
    {%- if named not in model_sql -%}
        {%- do exceptions.raise_compiler_error(
            facts.name ~ ' declares meta.refresh.reads but does not select from affected_keys()'
        ) -%}
    {%- endif %}
    if v_everything then
        create temp table {{ affected }} as
        {%- for upstream in facts.tables if facts.reads[upstream] %}
        select {{ _listed(facts.affected, 'upstream') }} from {{ ref(upstream).include(database=false) }} as upstream
        union
        {%- endfor %}
        select {{ _listed(facts.affected, 'stored') }} from {{ target }} as stored;
    else
        create temp table {{ affected }} as
        {{ named }};
    end if;
    {%- set model_sql = model_sql | replace(named, 'select * from ' ~ affected) -%}
    {%- endif %}

    create temp table {{ now }} as
    select {{ _listed(facts.own, 'present') }}
    from (
{{ model_sql }}
    ) as present;

    select count(*) into v_touched
    from (
        select {{ keys | join(', ') }} from {{ now }} group by {{ keys | join(', ') }} having count(*) > 1
    ) as repeated;
    if v_touched > 0 then
        raise exception '{{ facts.name }}: % unique keys ({{ keys | join(', ') }}) come more than once; nothing was written', v_touched;
    end if;

    create temp table {{ delta }} as
    {%- if facts.is_append_only %}
    select 'new' as image, {{ _listed(facts.own, 'present') }}
    from {{ now }} as present
    left join {{ target }} as stored on {{ _joined(keys, 'present', 'stored') }}
    where stored.{{ keys[0] }} is null;
    {%- else %}
    select 'new' as image, {{ _listed(facts.own, 'changed') }}
    from (
        select {{ facts.own | join(', ') }} from {{ now }}
        except
        {{ _stored_rows(facts, target) }}
    ) as changed
    union all
    select 'old' as image, {{ _listed(facts.own, 'gone') }}
    from (
        {{ _stored_rows(facts, target) }}
        except
        select {{ facts.own | join(', ') }} from {{ now }}
    ) as gone;
    {%- endif %}
{%- endmacro %}

{% macro _stored_rows(facts, target) -%}
        select {{ _listed(facts.own, 'stored') }} from {{ target }} as stored
        {%- if facts.affected %}
        inner join {{ '_affected__' ~ facts.name }} as affected on {{ _joined(facts.affected, 'stored', 'affected') }}
        {%- endif %}
{%- endmacro %}
