{#-
The procedure of one refreshable model. Alone (p_refresh_id null) it is a refresh of its own: it takes the
lock and the next refresh id and writes the ledger. Called by a procedure of its subject it works under that
refresh. With p_to it recomputes the days from p_from to p_to too; with p_mode `replay` it writes the next states
of items that _items__ still holds.
-#}
{% macro _model_procedure_sql(facts, target, model_sql) -%}
create or replace procedure {{ _model_procedure(facts.name) }} (
    p_refresh_id in bigint,
    p_mode in varchar(16),
    p_slot in timestamp,
    p_from in date,
    p_to in date,
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
    v_unread bigint;
    {%- for upstream in facts.tables %}
    v_read_{{ loop.index }} bigint;
    {%- if _node_named(upstream).config.meta.get('subject') != facts.subject %}
    v_held_{{ loop.index }} bigint;
    {%- endif %}
    {%- endfor %}
    v_everything boolean;
    v_now timestamp;
    v_stored bigint;
    v_repeated bigint;
    v_keyless integer;
    v_low {{ facts.bound_type }};
    v_high {{ facts.bound_type }};
    {%- if facts.range %}
    v_range_low {{ facts.range_type }};
    v_range_high {{ facts.range_type }};
    {%- endif %}
    {%- if facts.is_staging %}
    v_items bigint;
    v_changed bigint;
    v_live bigint;
    v_all boolean;
    v_state bigint;
    v_since timestamp;
    {%- if facts.detect.mode == 'history' %}
    v_whole timestamp;
    {%- elif facts.detect.mode == 'watermark' %}
    v_since_day varchar(10);
    {%- endif %}
    v_newest timestamp;
    v_latest timestamp;
    v_word timestamp;
    v_allowed timestamp;
    {%- endif %}
begin
    lock table {{ _state_table(facts.subject) }};
    {{ _canary_check() }}
    v_now := {{ utc_now('sysdate') }};
    v_refresh_id := p_refresh_id;
    p_removed := 0;
    p_written := 0;
    if p_refresh_id is null then
        {{ _open_refresh(facts.subject) }}
        {%- if facts.is_staging %}
        select count(*) into v_items
        from {{ _state_table(facts.subject) }} as state
        where state.entry = '{{ _looked_entry(facts.name) }}' and state.moment > v_now;
        if v_items > 0 then
            return;
        end if;
        {%- endif %}
    end if;
    v_keyless := 0;
    {%- if facts.is_staging %}
    v_all := false;
    {%- endif %}
    {{ _read_state(facts) }}
    {{ _drop_temporaries(facts, ['_keyless__', '_affected__', '_now__', '_delta__']) }}

    {% if facts.is_staging -%}
    if p_mode <> 'replay' then
        {{ _drop_temporaries(facts, ['_seen__', '_items__']) }}
        {{ _detect_changes(facts, target) }}
    end if;
    select count(*), min(item.state_number) into v_items, v_state
    from {{ '_items__' ~ facts.name }} as item;
    if v_items > 0 then
        {{ _staging_rows(facts, target, model_sql) }}
        {{ _write(facts, target) }}
        {%- if facts.detect.event_at %}
        {{ _record_arrivals(facts) }}
        {%- endif %}
    end if;
    {%- if facts.detect.mode == 'history' %}
    {{ _record_states(facts) }}
    if not v_all then
        delete from {{ '_items__' ~ facts.name }} where state_number <= v_state;
    end if;
    {%- endif %}
    {%- else -%}
    {{ _remove_keyless(facts, target) }}
    {{ _mart_rows(facts, target, model_sql) }}
    {{ _write(facts, target) }}
    p_removed := p_removed + v_keyless;
    {%- endif %}
    {{ _drop_temporaries(facts, ['_keyless__', '_affected__', '_now__', '_delta__', '_seen__']) }}
    {%- if facts.is_staging and facts.detect.mode == 'history' %}
    if p_refresh_id is null or p_mode not in ('incremental', 'replay') then
        {{ _drop_temporaries(facts, ['_items__']) }}
    end if;
    {%- elif facts.is_staging %}
    {{ _drop_temporaries(facts, ['_items__']) }}
    {%- endif %}

    {{ _consumed(facts) }}
    if p_refresh_id is null then
        {{ _close_refresh(facts.subject, "'deploy'", 'p_slot', "'" ~ facts.name ~ "'", 'p_removed', 'p_written') }}
    end if;
end;
$refresh$ {{ _procedure_rights() }}
{%- endmacro %}

{#- Of the kinds that this model has. -#}
{% macro _drop_temporaries(facts, kinds) -%}
    {%- set has_seen = facts.is_staging and facts.detect.mode != 'full' -%}
    {%- for kind in kinds
        if kind in ['_now__', '_delta__']
        or (kind == '_keyless__' and not facts.is_staging and not facts.is_append_only)
        or (kind == '_affected__' and facts.affected)
        or (kind == '_items__' and facts.is_staging)
        or (kind == '_seen__' and has_seen) %}
    drop table if exists {{ kind ~ facts.name }};
    {%- endfor %}
{%- endmacro %}

{#- A model recomputes everything when asked to, when new or redeployed, or when it is behind a trimmed feed. -#}
{% macro _read_state(facts) -%}
    select
        sum(case when state.entry like 'consumed {{ facts.name }} from %' and state.counter is null then 1 else 0 end)
        {%- for upstream in facts.tables %},
        max(case when state.entry = '{{ _consumed_entry(facts.name, upstream) }}' then state.counter end)
        {%- endfor %}
        {%- if facts.is_staging %},
        max(case when state.entry = '{{ _newest_entry(facts.name) }}' then state.moment end)
        {%- endif %}
    into v_unread
        {%- for upstream in facts.tables %}, v_read_{{ loop.index }}{% endfor %}
        {{- ', v_newest' if facts.is_staging }}
    from {{ _state_table(facts.subject) }} as state;
    {%- for upstream in facts.tables if _node_named(upstream).config.meta.get('subject') != facts.subject %}
    select coalesce(max(feed.feed_refresh_id), 0) into v_held_{{ facts.tables.index(upstream) + 1 }}
    from {{ _change_feed(upstream) }} as feed;
    {%- endfor %}
    v_everything := v_unread > 0 or p_mode = 'reconcile';
    {%- if facts.tables %}
    if not v_everything then
        select count(*) > 0 into v_everything
        from (
            {%- for upstream in facts.tables %}
            select feed.feed_refresh_id
            from {{ _change_feed(upstream) }} as feed
            where feed.feed_refresh_id > v_read_{{ loop.index }}{{ " and feed.image = 'trim'" if facts.reads[upstream] }}
            {{- ' union all' if not loop.last }}
            {%- endfor %}
        ) as behind;
    end if;
    {%- endif %}
    {%- if facts.is_staging and facts.detect.mode == 'watermark' %}
    v_since := dateadd(day, -{{ facts.detect.lookback_days }}, v_newest);
    v_since_day := to_char(v_since, 'YYYY-MM-DD');
    {%- elif facts.is_staging and facts.detect.mode == 'history' %}
    select
        dateadd(minute, -{{ var('history_overlap_minutes', 60) }},
            max(case when state.entry = '{{ _recorded_entry(facts.name) }}' then state.moment end)),
        max(case when state.entry = '{{ _whole_entry(facts.name) }}' then state.moment end)
    into v_since, v_whole
    from {{ _state_table(facts.subject) }} as state;
    {%- endif %}
{%- endmacro %}

{#-
Everything up to this refresh is consumed; of another subject's feed, which no lock of ours holds still, what it held
before this refresh read it: what comes while it reads may be read twice, but never missed.
-#}
{% macro _consumed(facts) -%}
    {%- set state = _state_table(facts.subject) -%}
    {%- set own = [] -%}
    {%- for upstream in facts.tables -%}
        {%- if _node_named(upstream).config.meta.get('subject') == facts.subject -%}
            {%- do own.append(_consumed_entry(facts.name, upstream)) -%}
        {%- else %}
    update {{ state }} set counter = v_held_{{ loop.index }}
    where entry = '{{ _consumed_entry(facts.name, upstream) }}';
        {%- endif -%}
    {%- endfor -%}
    {%- if facts.is_staging %}
    update {{ state }} set moment = v_now where entry = '{{ _looked_entry(facts.name) }}';
    {%- endif %}
    {%- if own %}
    update {{ state }} set counter = v_refresh_id where entry in ('{{ own | join("', '") }}');
    {%- endif %}
    if v_unread > 0 then
        {%- for seed in facts.seeds %}
        update {{ state }} set counter = {{ _seed_fingerprint(seed) }}
        where entry = '{{ _consumed_entry(facts.name, seed) }}' and counter is null;
        {%- endfor %}
        {%- if facts.is_staging %}
        update {{ state }} set counter = v_refresh_id
        where entry = '{{ _consumed_entry(facts.name, facts.detect.table) }}' and counter is null;
        {%- endif %}
        null;
    end if;
    if p_removed + p_written > 0 then
        update {{ state }} set counter = v_refresh_id where entry = 'feed {{ facts.name }}';
    end if;
{%- endmacro %}
