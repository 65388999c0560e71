{#-
The body of refresh_<subject>: one transaction that brings every table of the subject up to date with the
replica, in the order of the graph. A model whose upstreams did not move is not called.
-#}
{% macro refresh_subject(subject, relations) -%}
{%- if execute -%}
{%- set models = _in_order(relations | map(attribute='identifier') | list) -%}
{%- set state = _state_table(subject) -%}
declare
    v_canary varchar(8);
    v_epoch bigint;
    v_refresh_id bigint;
    v_changed_refresh_id bigint;
    v_slot timestamp;
    v_now timestamp;
    v_current bigint;
    v_rows integer;
    v_outcome varchar(32);
    v_removed bigint;
    v_written bigint;
    v_all_removed bigint;
    v_all_written bigint;
    v_models varchar(65535);
    {%- for variable in _reading_variables(models) %}
    {{ variable }} bigint;
    {%- endfor %}
    {%- for name in _foreign(models, subject) %}
    v_foreign_{{ loop.index }} bigint;
    {%- endfor %}
begin
    lock table {{ state }};
    {{ _canary_check() }}
    if p_mode not in ('incremental', 'reconcile') then
        raise exception 'unknown mode %: use incremental or reconcile', p_mode;
    end if;
    if p_slot is null then
        raise exception 'p_slot is null: give the slot, a UTC timestamp';
    end if;
    v_now := sysdate;
    {{ _open_refresh(subject) }}
    select
        max(case when state.entry = 'slot ' || p_mode then state.moment end),
        sum(case when state.counter = {{ engine_version() }} and state.entry in (
            {%- for facts in models %}'model {{ facts.name }}'{{ ', ' if not loop.last }}{% endfor -%}
        ) then 1 else 0 end)
    into v_slot, v_current
    from {{ state }} as state;

    if p_slot <= v_slot then
        v_outcome := case when p_slot = v_slot then 'slot_done' else 'superseded' end;
        v_refresh_id := v_refresh_id - 1;
        if v_outcome = 'superseded' then
            {{ _ledger_row(subject, 'p_mode', 'p_slot', 'null', 'v_outcome', 'null', '0', '0') }}
        end if;
        p_result := {{ _result_json(subject, "''") }};
        return;
    end if;
    if v_current <> {{ models | length }} then
        raise exception 'only % of {{ models | length }} models of {{ subject }} are deployed by version {{ engine_version() }} of the refresh engine; run: dbt run --select +refresh_{{ subject }}', v_current;
    end if;

    {#- What each feed holds and how far each model has read it; unread means the model is called. -#}
    select
        {%- for facts in models %}
        coalesce(max(case when state.entry = 'feed {{ facts.name }}' then state.counter end), 0),
        sum(case when state.entry like 'consumed {{ facts.name }} from %' and state.counter is null then 1 else 0 end)
        {%- for upstream in facts.tables %},
        coalesce(max(case when state.entry = '{{ _consumed_entry(facts.name, upstream) }}' then state.counter end), 0)
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    into {{ _reading_variables(models) | join(', ') }}
    from {{ state }} as state;
    v_all_removed := 0;
    v_all_written := 0;
    v_models := '';
    {%- for name in _foreign(models, subject) %}
    select coalesce(max(feed.feed_refresh_id), 0) into v_foreign_{{ loop.index }} from {{ _change_feed(name) }} as feed;
    {%- endfor %}
    {%- for facts in models %}

    {% if facts.is_staging -%}
    {{ _call_model(facts, loop.index) }}
    {%- else -%}
    if {{ _is_behind(models, subject, facts, loop.index) }} then
        {{ _call_model(facts, loop.index) }}
    end if;
    {%- endif %}
    {%- endfor %}

    if p_mode = 'reconcile' then
        {%- for facts in models %}
        {{ _trim_feed(facts) }}
        {%- endfor %}
    end if;
    {{ _close_refresh(subject, 'p_mode', 'p_slot', 'null', 'v_all_removed', 'v_all_written') }}
    update {{ state }} set moment = p_slot where entry = 'slot ' || p_mode;
    p_result := {{ _result_json(subject, 'v_models') }};
end;
{%- endif -%}
{%- endmacro %}

{% macro _reading_variables(models) -%}
    {%- set variables = [] -%}
    {%- for facts in models -%}
        {%- set index = loop.index -%}
        {%- do variables.append('v_feed_' ~ index) -%}
        {%- do variables.append('v_new_' ~ index) -%}
        {%- for upstream in facts.tables -%}
            {%- do variables.append('v_read_' ~ index ~ '_' ~ loop.index) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(variables) }}
{%- endmacro %}

{% macro _is_behind(models, subject, facts, index) -%}
    p_mode = 'reconcile' or v_new_{{ index }} > 0
    {%- for upstream in facts.tables %}
        or v_read_{{ index }}_{{ loop.index }} < {{ _feed_variable(models, subject, upstream) }}
    {%- endfor %}
{%- endmacro %}

{% macro _call_model(facts, index) -%}
    v_removed := 0;
    v_written := 0;
    call {{ _model_procedure(facts.name) }}(v_refresh_id, p_mode, p_slot, v_removed, v_written);
    v_all_removed := v_all_removed + v_removed;
    v_all_written := v_all_written + v_written;
    if v_removed + v_written > 0 then
        v_feed_{{ index }} := v_refresh_id;
    end if;
    v_models := v_models || case when v_models = '' then '' else ', ' end || '"{{ facts.name }}": {"removed": '
        || cast(v_removed as varchar(20)) || ', "written": ' || cast(v_written as varchar(20)) || '}';
{%- endmacro %}

{#- A reader that is behind the mark recomputes everything, so the mark itself stays in the feed. -#}
{% macro _trim_feed(facts) -%}
    {%- set feed = _change_feed(facts.name) -%}
    {%- set kept = var('feed_refreshes_kept', 1000) %}
        delete from {{ feed }} where feed_refresh_id <= v_refresh_id - {{ kept }};
        get diagnostics v_rows := row_count;
        if v_rows > 0 then
            insert into {{ feed }} (feed_refresh_id, image) select v_refresh_id - {{ kept }}, 'trim';
        end if;
{%- endmacro %}

{% macro _result_json(subject, models) -%}
    '{"outcome": "' || v_outcome || '", "subject": "{{ subject }}", "mode": "' || p_mode
        || '", "slot": "' || to_char(p_slot, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        || '", "refresh_id": ' || cast(v_refresh_id as varchar(20))
        || ', "changed_refresh_id": ' || cast(v_changed_refresh_id as varchar(20))
        || ', "models": {' || {{ models }} || '}}'
{%- endmacro %}

{% macro _feed_variable(models, subject, upstream) -%}
    {%- for facts in models -%}
        {%- if facts.name == upstream -%}{{ return('v_feed_' ~ loop.index) }}{%- endif -%}
    {%- endfor -%}
    {{ return('v_foreign_' ~ (_foreign(models, subject).index(upstream) + 1)) }}
{%- endmacro %}

{#- Upstreams that other subjects refresh, each at its own pace. -#}
{% macro _foreign(models, subject) -%}
    {%- set own = models | map(attribute='name') | list -%}
    {%- set found = [] -%}
    {%- for facts in models -%}
        {%- for upstream in facts.tables if upstream not in own and upstream not in found -%}
            {%- do found.append(upstream) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(found) }}
{%- endmacro %}

{#- The facts of the named models, each after everything it reads. -#}
{% macro _in_order(names) -%}
    {%- set waiting = {} -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name in names -%}
        {%- do waiting.update({node.name: _model_facts(node)}) -%}
    {%- endfor -%}
    {%- set ordered = [] -%}
    {%- for _ in names -%}
        {%- for name in waiting | sort if waiting[name] not in ordered -%}
            {%- set before = waiting[name].tables | select('in', names) | list -%}
            {%- set done = ordered | map(attribute='name') | list -%}
            {%- if before | reject('in', done) | list | length == 0 -%}
                {%- do ordered.append(waiting[name]) -%}
            {%- endif -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(ordered) }}
{%- endmacro %}
