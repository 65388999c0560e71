{#-
The procedure of one refreshable model. Alone (p_refresh_id null) it is a refresh of its own: it takes the
lock and the next refresh id and writes the ledger. Called by refresh_<subject> it works under that refresh.
-#}
{% macro _model_procedure_sql(facts, target, model_sql) -%}
create or replace procedure {{ _model_procedure(facts.name) }} (
    p_refresh_id in bigint,
    p_mode in varchar(16),
    p_slot in timestamp,
    p_removed inout bigint,
    p_written inout bigint
) as $refresh$
declare
    v_canary varchar(8);
    v_refresh_id bigint;
    v_epoch bigint;
    v_changed_refresh_id bigint;
    v_rows integer;
    v_outcome varchar(32);
    v_everything boolean;
    v_now timestamp;
    v_allowed timestamp;
    v_touched bigint;
    v_stored bigint;
    v_low {{ facts.bound_type }};
    v_high {{ facts.bound_type }};
begin
    lock table {{ _state_table(facts.subject) }};
    {{ _canary_check() }}
    v_now := sysdate;
    v_refresh_id := p_refresh_id;
    if p_refresh_id is null then
        {{ _open_refresh(facts.subject) }}
    end if;

    {{ _everything(facts) }}
    {{ _drop_temporaries(facts) }}
    {% if facts.is_staging -%}
    {{ _staging_rows(facts, target, model_sql) }}
    {%- else -%}
    {{ _mart_rows(facts, target, model_sql) }}
    {%- endif %}
    {{ _write(facts, target) }}
    {{ _drop_temporaries(facts) }}

    {{ _consumed(facts) }}
    if p_refresh_id is null then
        {{ _close_refresh(facts.subject, "'deploy'", 'p_slot', "'" ~ facts.name ~ "'", 'p_removed', 'p_written') }}
    end if;
end;
$refresh$ language plpgsql security definer
{%- endmacro %}

{% macro _drop_temporaries(facts) -%}
    {%- for kind in (['_items__'] if facts.is_staging else ['_affected__'] if facts.affected else []) + ['_now__', '_delta__'] %}
    drop table if exists {{ kind ~ facts.name }};
    {%- endfor %}
{%- endmacro %}

{#- A model recomputes everything when asked to, when new or redeployed, or when it is behind a trimmed feed. -#}
{% macro _everything(facts) -%}
    {%- set state = _state_table(facts.subject) -%}
    select sum(pending.behind) > 0 or p_mode = 'reconcile' into v_everything
    from (
        select count(*) as behind
        from {{ state }} as state
        where state.entry like 'consumed {{ facts.name }} from %' and state.counter is null
        {%- for upstream in facts.tables %}
        union all
        select count(*) as behind
        from {{ _change_feed(upstream) }} as feed
        inner join {{ state }} as state
            on state.entry = '{{ _consumed_entry(facts.name, upstream) }}'
            and feed.feed_refresh_id > state.counter
        {%- if facts.reads[upstream] %}
        where feed.image = 'trim'
        {%- endif %}
        {%- endfor %}
    ) as pending;
{%- endmacro %}

{#- Everything up to this refresh is consumed; an upstream of another subject up to what its feed shows here. -#}
{% macro _consumed(facts) -%}
    {%- set state = _state_table(facts.subject) -%}
    {%- for upstream in facts.tables %}
    update {{ state }}
    set counter = {% if _subject_of(upstream) == facts.subject -%}
        v_refresh_id
        {%- else -%}
        (select coalesce(max(feed.feed_refresh_id), 0) from {{ _change_feed(upstream) }} as feed)
        {%- endif %}
    where entry = '{{ _consumed_entry(facts.name, upstream) }}';
    {%- endfor %}
    {%- for seed in facts.seeds %}
    update {{ state }} set counter = {{ _seed_fingerprint(seed) }}
    where entry = '{{ _consumed_entry(facts.name, seed) }}' and counter is null;
    {%- endfor %}
    {%- if facts.is_staging %}
    update {{ state }} set counter = v_refresh_id
    where entry = '{{ _consumed_entry(facts.name, facts.detect.table) }}' and counter is null;
    {%- endif %}
    if p_removed + p_written > 0 then
        update {{ state }} set counter = v_refresh_id where entry = 'feed {{ facts.name }}';
    end if;
{%- endmacro %}

{% macro _subject_of(name) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == name -%}
        {{ return(node.config.meta.get('subject')) }}
    {%- endfor -%}
{%- endmacro %}

{#- Removes what left or changed, writes what is new or changed, and hands both images on. -#}
{% macro _write(facts, target) -%}
    {%- set delta = '_delta__' ~ facts.name -%}
    {%- set fed = facts.unique_key + facts.hand_on -%}
    {%- set written = facts.own + facts.bookkeeping -%}
    {%- set bound = facts.bounded_by -%}
    {%- if facts.is_append_only %}
    p_removed := 0;
    {%- else %}
    select min(moved.{{ bound }}), max(moved.{{ bound }}) into v_low, v_high
    from {{ delta }} as moved
    where moved.image = 'old';
    delete from {{ target }}
    using {{ delta }} as moved
    where
        moved.image = 'old'
        and {{ _joined(facts.unique_key, target.identifier, 'moved') }}
        and ({{ target.identifier }}.{{ bound }} between v_low and v_high
            or {{ target.identifier }}.{{ bound }} is null);
    get diagnostics v_rows := row_count;
    p_removed := v_rows;
    {%- endif %}
    insert into {{ target }} ({{ written | join(', ') }})
    select {{ _listed(written, 'moved') }}
    from {{ delta }} as moved
    where moved.image = 'new';
    get diagnostics v_rows := row_count;
    p_written := v_rows;
    insert into {{ _change_feed(facts.name) }} (feed_refresh_id, image, {{ fed | join(', ') }})
    select v_refresh_id, moved.image, {{ _listed(fed, 'moved') }}
    from {{ delta }} as moved;
{%- endmacro %}
