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
    v_reason varchar(300);
    v_now timestamp;
    v_deployed bigint;
    v_unsynced bigint;
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
    {%- for facts in models if facts.is_append_only %}
    v_replayed_{{ models.index(facts) + 1 }} bigint;
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
    v_now := {{ utc_now('sysdate') }};
    {#- It would make every slot until then a superseded one, and retention would remove all there is. #}
    if p_slot > dateadd(hour, 1, v_now) then
        raise exception 'the slot % has not begun; nothing was changed', p_slot;
    end if;
    v_models := '';
    {{ _open_refresh(subject) }}
    select
        max(case when state.entry = 'slot ' || v_mode then state.moment end),
        max(case when state.entry like 'paused: %' then substring(state.entry, 9, 292) end),
        sum(case when state.counter = {{ engine_version() }} and state.entry in (
            {%- for facts in models %}'model {{ facts.name }}'{{ ', ' if not loop.last }}{% endfor -%}
        ) then 1 else 0 end)
    into v_slot, v_reason, v_deployed
    from {{ state }} as state;

    v_outcome := case
        when v_reason is not null then 'paused'
        when p_slot = v_slot then 'slot_done'
        when p_slot < v_slot then 'superseded'
    end;
    {{ _end_early(subject) }}
    if v_deployed <> {{ models | length }} then
        raise exception 'only % of {{ models | length }} models of {{ subject }} are deployed by version {{ engine_version() }} of the refresh engine; run: dbt run --select +refresh_{{ subject }}', v_deployed;
    end if;
    v_all_removed := 0;
    v_all_written := 0;
{%- endmacro %}

{#- Ends the procedure if an outcome is known by now; no refresh id is used up. -#}
{% macro _end_early(subject) -%}
    if v_outcome is not null then
        v_refresh_id := v_refresh_id - 1;
        if v_outcome <> 'slot_done' then
            {{ _ledger_row(subject, 'v_mode', 'p_slot', 'null', 'v_outcome', 'null', '0', '0', 'v_reason') }}
        end if;
        p_result := {{ _result_json(subject) }};
        return;
    end if;
{%- endmacro %}

{#-
With the var ask_replica_state: nothing is read unless each replica is known to be Synced. It is for databases with
QUERY_ALL_STATES, where a replica can be read while it is being filled again. The view is a superuser's, so the owner
of the procedures needs SELECT on it.
https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_INTEGRATION_TABLE_STATE.html
-#}
{% macro _ask_replica_states(subject, models) -%}
    {%- set tables = models | selectattr('is_staging') | map(attribute='detect') | map(attribute='table') | list -%}
    {%- if tables and var('ask_replica_state', false) %}
    select count(*), max(asked.replica) into v_unsynced, v_reason
    from (
        {%- for node in graph.sources.values() if node.name in tables %}
        select '{{ node.name }} is ' || nvl(max(trim(known.table_state)), 'unknown') as replica
        from svv_integration_table_state as known
        where
            trim(known.target_database) = '{{ node.database }}'
            and trim(known.schema_name) = '{{ node.schema }}'
            and trim(known.table_name) = '{{ node.identifier }}'
        having nvl(max(trim(known.table_state)), 'unknown') <> 'Synced'
        {{- ' union all' if not loop.last }}
        {%- endfor %}
    ) as asked;
    if v_unsynced > 0 then
        v_outcome := 'waiting_for_resync';
    end if;
    {{ _end_early(subject) }}
    {%- endif %}
{%- endmacro %}

{#- What each feed holds and how far each model has read it; unread means the model is called. -#}
{% macro _read_positions(subject, models) -%}
    {%- set state = _state_table(subject) -%}
    select
        {%- for facts in models %}
        coalesce(max(case when state.entry = 'feed {{ facts.name }}' then state.counter end), 0),
        sum(case when state.entry like 'consumed {{ facts.name }} from %' and state.counter is null then 1 else 0 end)
        {%- if facts.is_staging %},
        sum(case when state.entry = '{{ _looked_entry(facts.name) }}' and state.moment > v_now then 1 else 0 end)
        {%- endif %}
        {%- for upstream in facts.tables %},
        coalesce(max(case when state.entry = '{{ _consumed_entry(facts.name, upstream) }}' then state.counter end), 0)
        {%- endfor %}
        {{- ',' if not loop.last }}
        {%- endfor %}
    into {{ _reading_variables(models) | join(', ') }}
    from {{ state }} as state;
    {%- for facts in models if facts.is_append_only %}
    v_replayed_{{ models.index(facts) + 1 }} := 0;
    {%- endfor %}
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
        {%- if facts.is_staging -%}{%- do variables.append('v_outrun_' ~ index) -%}{%- endif -%}
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

{% macro _result_json(subject) -%}
    '{"outcome": "' || v_outcome || '", "subject": "{{ subject }}", "mode": "' || v_mode
        || '", "slot": "' || to_char(p_slot, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
        || '", "refresh_id": ' || cast(v_refresh_id as varchar(20))
        || ', "changed_refresh_id": ' || cast(v_changed_refresh_id as varchar(20))
        || case when v_reason is null then '' else ', "reason": "' || v_reason || '"' end
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
