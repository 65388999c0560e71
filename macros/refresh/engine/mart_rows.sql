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
    {{ _affected_rows(facts, target, affected) }}
    {%- set model_sql = model_sql | replace(named, 'select * from ' ~ affected) -%}
    {%- if facts.range %}
    select min(affected.{{ facts.range }}), max(affected.{{ facts.range }}) into v_range_low, v_range_high
    from {{ affected }} as affected;
    {%- set model_sql = model_sql
        | replace(_range_of_affected(facts.range), ' between v_range_low and v_range_high') -%}
    {%- endif -%}
    {%- endif %}

    create temp table {{ now }} as
    select {{ _listed(facts.own, 'present') }}
    from (
{{ model_sql }}
    ) as present;

    select count(*) into v_repeated
    from (
        select {{ keys | join(', ') }} from {{ now }} group by {{ keys | join(', ') }} having count(*) > 1
    ) as repeated;
    if v_repeated > 0 then
        raise exception '{{ facts.name }}: % unique keys ({{ keys | join(', ') }}) come more than once; nothing was written', v_repeated;
    end if;

    create temp table {{ delta }} as
    {%- if facts.is_append_only %}
    select 'new' as image, {{ _listed(facts.own, 'present') }}
    from {{ now }} as present
    left join {{ target }} as stored
        on {{ _joined(keys, 'present', 'stored') }}{{ _in_range(facts, 'stored') }}
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

{#- The keys that the feeds name, those of the days that were asked for, or all there are. -#}
{% macro _affected_rows(facts, target, affected) -%}
    {%- set sources = [target] -%}
    {%- set since = [] -%}
    {%- for upstream in facts.reads -%}
        {%- do since.append('v_read_' ~ ((facts.tables.index(upstream) + 1) if upstream in facts.tables else 0)) -%}
        {%- if facts.reads[upstream] -%}{%- do sources.append(ref(upstream).include(database=false)) -%}{%- endif -%}
    {%- endfor -%}
    if v_everything then
        create temp table {{ affected }} as
        {%- for source_table in sources %}
        select {{ _listed(facts.affected, 'holder') }} from {{ source_table }} as holder
        {{- ' union' if not loop.last }}
        {%- endfor %};
    else
        create temp table {{ affected }} as
        {{ _keys_in_feeds(facts.reads, since) }};
        {%- if facts.range %}
        if p_to is not null then
            insert into {{ affected }} ({{ facts.affected | join(', ') }})
            select {{ _listed(facts.affected, 'asked') }}
            from (
                {%- for source_table in sources %}
                select {{ _listed(facts.affected, 'holder') }} from {{ source_table }} as holder
                where holder.{{ facts.range }} between nvl(p_from, cast('0001-01-01' as date)) and p_to
                {{- " and p_mode <> 'retain'" if not loop.first }}
                {{- ' union' if not loop.last }}
                {%- endfor %}
            ) as asked
            left join {{ affected }} as known on {{ _joined(facts.affected, 'asked', 'known') }}
            where known.{{ facts.affected[0] }} is null;
        end if;
        {%- endif %}
    end if;
{%- endmacro %}

{% macro _stored_rows(facts, target) -%}
        select {{ _listed(facts.own, 'stored') }} from {{ target }} as stored
        {%- if facts.affected %}
        inner join {{ '_affected__' ~ facts.name }} as affected
            on {{ _joined(facts.affected, 'stored', 'affected') }}{{ _in_range(facts, 'stored') }}
        {%- endif %}
{%- endmacro %}

{#- What lets the warehouse pass over blocks without reading them:
    https://docs.aws.amazon.com/redshift/latest/dg/c_designing-queries-best-practices.html -#}
{% macro _in_range(facts, alias) -%}
    {%- if facts.range %} and {{ alias }}.{{ facts.range }} between v_range_low and v_range_high{%- endif -%}
{%- endmacro %}
