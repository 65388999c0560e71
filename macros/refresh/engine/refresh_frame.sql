{#- What every refresh of a subject begins and ends with, under the lock of its state table. -#}

{% macro _canary_check() -%}
    {{ case_sensitivity_query('v_canary') }};
    if v_canary is null then
        raise exception 'enable_case_sensitive_identifier is off in this session, so every attribute of the telemetry would silently be null; nothing was changed. Set it to true for the workgroup or for the calling user (alter user .. set enable_case_sensitive_identifier to true)';
    end if;
{%- endmacro %}

{% macro _open_refresh(subject) -%}
    select
        max(case when state.entry = 'epoch' then state.counter end),
        max(case when state.entry = 'refresh_id' then state.counter end) + 1,
        max(case when state.entry = 'changed_refresh_id' then state.counter end)
    into v_epoch, v_refresh_id, v_changed_refresh_id
    from {{ _state_table(subject) }} as state;
{%- endmacro %}

{#- The epoch proves that nobody refreshed in between, even where a lock was not honoured. -#}
{% macro _close_refresh(subject, mode, slot, name, removed, written, detail='null', is_change=none) -%}
    if {{ is_change or removed ~ ' + ' ~ written ~ ' > 0' }} then
        v_changed_refresh_id := v_refresh_id;
    end if;
    update {{ _state_table(subject) }} set counter = v_epoch + 1
    where entry = 'epoch' and counter = v_epoch;
    get diagnostics v_rows := row_count;
    if v_rows = 0 then
        raise exception 'another refresh of {{ subject }} ran at the same time; nothing was written, call it again';
    end if;
    update {{ _state_table(subject) }}
    set counter = case entry when 'refresh_id' then v_refresh_id else v_changed_refresh_id end
    where entry in ('refresh_id', 'changed_refresh_id');
    v_outcome := case when {{ removed }} + {{ written }} > 0 then 'done' else 'nothing_new' end;
    {{ _ledger_row(subject, mode, slot, name, 'v_outcome', 'v_refresh_id', removed, written, detail) }}
{%- endmacro %}

{% macro _ledger_row(subject, mode, slot, name, outcome, refresh_id, removed, written, detail='null') -%}
    insert into {{ runs_table() }} (
        environment, subject, mode, step, name, outcome, detail, refresh_id,
        changed_refresh_id, rows_removed, rows_written, slot_at, started_at, finished_at
    )
    select
        '{{ environment() }}', '{{ subject }}', {{ mode }}, 'refresh', {{ name }}, {{ outcome }},
        cast({{ detail }} as varchar(1000)), {{ refresh_id }}, v_changed_refresh_id, {{ removed }}, {{ written }}, {{ slot }}, v_now, {{ utc_now() }};
{%- endmacro %}
