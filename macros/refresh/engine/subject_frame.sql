{#-
What the procedures of a subject (refresh, reprocess, retain) have in common: one transaction under the lock of the
state table, which ends early where the subject is paused or its slot is done, and a ledger row. The macros expand
to parts of a body, in this order: declarations, opening, models, closing.
-#}

{% macro _subject_declarations(subject, models) -%}
    v_mode varchar(16);
    v_detail varchar(1000);
    v_canary varchar(8);
    v_epoch bigint;
    v_refresh_id bigint;
    v_changed_refresh_id bigint;
    v_slot timestamp;
    v_paused varchar(300);
    v_now timestamp;
    v_current bigint;
    v_rows integer;
    v_outcome varchar(32);
    v_is_called boolean;
    v_removed bigint;
    v_written bigint;
    v_model_removed bigint;
    v_model_written bigint;
    v_all_removed bigint;
    v_all_written bigint;
    v_models varchar(65535);
    {%- for variable in _reading_variables(models) %}
    {{ variable }} bigint;
    {%- endfor %}
    {%- for name in _foreign(models, subject) %}
    v_foreign_{{ loop.index }} bigint;
    {%- endfor %}
{%- endmacro %}

{#- Under the lock: the next refresh id, unless v_mode's slot is done or a person paused the subject. -#}
{% macro _open_subject(subject, models) -%}
    {%- set state = _state_table(subject) -%}
    {{ _canary_check() }}
    if p_slot is null then
        raise exception 'p_slot is null: give the slot, a UTC timestamp';
    end if;
    v_now := sysdate;
    v_models := '';
    {{ _open_refresh(subject) }}
    select
        max(case when state.entry = 'slot ' || v_mode then state.moment end),
        max(case when state.entry like 'paused: %' then substring(state.entry, 9, 292) end),
        sum(case when state.counter = {{ engine_version() }} and state.entry in (
            {%- for facts in models %}'model {{ facts.name }}'{{ ', ' if not loop.last }}{% endfor -%}
        ) then 1 else 0 end)
    into v_slot, v_paused, v_current
    from {{ state }} as state;

    v_outcome := case
        when v_paused is not null then 'paused'
        when p_slot = v_slot then 'slot_done'
        when p_slot < v_slot then 'superseded'
    end;
    if v_outcome is not null then
        v_refresh_id := v_refresh_id - 1;
        if v_outcome <> 'slot_done' then
            {{ _ledger_row(subject, 'v_mode', 'p_slot', 'null', 'v_outcome', 'null', '0', '0', 'v_paused') }}
        end if;
        p_result := {{ _result_json(subject) }};
        return;
    end if;
    if v_current <> {{ models | length }} then
        raise exception 'only % of {{ models | length }} models of {{ subject }} are deployed by version {{ engine_version() }} of the refresh engine; run: dbt run --select +refresh_{{ subject }}', v_current;
    end if;
    v_all_removed := 0;
    v_all_written := 0;
{%- endmacro %}

{#- What each feed holds and how far each model has read it; unread means the model is called. -#}
{% macro _read_positions(subject, models) -%}
    {%- set state = _state_table(subject) -%}
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
    {%- for name in _foreign(models, subject) %}
    select coalesce(max(feed.feed_refresh_id), 0) into v_foreign_{{ loop.index }} from {{ _change_feed(name) }} as feed;
    {%- endfor %}
{%- endmacro %}

{#-
Ends the transaction's work: state, the ledger row, the slot of v_mode (`reprocess` has none), the result.
`is_change`: whether readers see other rows than before, where that is not whether any was removed or written.
-#}
{% macro _close_subject(subject, has_slot=true, is_change=none) -%}
    {%- set state = _state_table(subject) -%}
    {{ _close_refresh(subject, 'v_mode', 'p_slot', 'null', 'v_all_removed', 'v_all_written', 'v_detail', is_change) }}
    {%- if has_slot %}
    update {{ state }} set moment = p_slot where entry = 'slot ' || v_mode;
    get diagnostics v_rows := row_count;
    if v_rows = 0 then
        insert into {{ state }} (entry, moment) select 'slot ' || v_mode, p_slot;
    end if;
    {%- endif %}
    p_result := {{ _result_json(subject) }};
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
    v_mode = 'reconcile' or v_new_{{ index }} > 0
    {%- for upstream in facts.tables %}
        or v_read_{{ index }}_{{ loop.index }} < {{ _feed_variable(models, subject, upstream) }}
    {%- endfor %}
{%- endmacro %}

{#- Brings one model up to date if its upstreams moved (staging: always), then calls it once more in `also`. -#}
{% macro _call_model(models, subject, facts, index, mode, also=none, low='null', high='null') -%}
    v_is_called := false;
    v_model_removed := 0;
    v_model_written := 0;
    {%- if facts.is_staging and facts.detect.mode == 'history' and not also %}
    {{ _replay_states(facts, index) }}
    if v_mode = 'reconcile' then
        v_refresh_id := v_refresh_id + 1;
        {{ _one_call(facts, index, mode) }}
    end if;
    drop table if exists {{ '_items__' ~ facts.name }};
    {%- elif facts.is_staging and not also %}
    {{ _one_call(facts, index, mode) }}
    {%- elif not facts.is_staging %}
    if {{ _is_behind(models, subject, facts, index) }} then
        {{ _one_call(facts, index, mode) }}
    end if;
    {%- endif %}
    {%- if also %}
    {{ _one_call(facts, index, "'" ~ also ~ "'", low, high) }}
    {%- endif %}
    if v_is_called then
        {{ _report('v_models', facts.name, 'v_model_removed', 'v_model_written') }}
        v_all_removed := v_all_removed + v_model_removed;
        v_all_written := v_all_written + v_model_written;
    end if;
{%- endmacro %}

{% macro _one_call(facts, index, mode, low='null', high='null') -%}
    v_removed := 0;
    v_written := 0;
    call {{ _model_procedure(facts.name) }}(
        v_refresh_id, {{ mode }}, p_slot, cast({{ low }} as date), cast({{ high }} as date), v_removed, v_written
    );
    if v_removed + v_written > 0 then
        v_feed_{{ index }} := v_refresh_id;
    end if;
    v_is_called := true;
    v_model_removed := v_model_removed + v_removed;
    v_model_written := v_model_written + v_written;
{%- endmacro %}

{#- Each state that an item went through since the last refresh, under a refresh id of its own, so that the
    append-only readers of the model see it before the next one takes its place. -#}
{% macro _replay_states(facts, index) -%}
    {{ _one_call(facts, index, "'incremental'") }}
    select count(*) into v_rows from {{ '_items__' ~ facts.name }} as item where item.state_number > 1;
    while v_rows > 0 loop
        {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.config.meta.get('refresh', {}).get('append_only')
            and facts.name in node.config.meta.refresh.reads %}
        call {{ _model_procedure(node.name) }}(
            v_refresh_id, 'incremental', p_slot, cast(null as date), cast(null as date), v_removed, v_written
        );
        v_all_written := v_all_written + v_written;
        {%- endfor %}
        v_refresh_id := v_refresh_id + 1;
        {{ _one_call(facts, index, "'replay'") }}
        select count(*) into v_rows from {{ '_items__' ~ facts.name }} as item where item.state_number > 1;
    end loop;
{%- endmacro %}

{#- One more entry of the result's "models". -#}
{% macro _report(models, name, removed, written) -%}
    {{ models }} := {{ models }} || case when {{ models }} = '' then '' else ', ' end || '"{{ name }}": {"removed": '
        || cast({{ removed }} as varchar(20)) || ', "written": ' || cast({{ written }} as varchar(20)) || '}';
{%- endmacro %}

{% macro _result_json(subject) -%}
    '{"outcome": "' || v_outcome || '", "subject": "{{ subject }}", "mode": "' || v_mode
        || '", "slot": "' || to_char(p_slot, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        || '", "refresh_id": ' || cast(v_refresh_id as varchar(20))
        || ', "changed_refresh_id": ' || cast(v_changed_refresh_id as varchar(20))
        || case when v_paused is null then '' else ', "reason": "' || v_paused || '"' end
        || ', "models": {' || v_models || '}}'
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
