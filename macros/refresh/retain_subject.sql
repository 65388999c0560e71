{#-
The body of retain_<subject>, one part per call and transaction:
facts    moves the horizon of each model that asks is_retained() to `retention_days` before the slot and removes
         what lies below it; the tables after it follow by their feeds
feeds    trims each change feed to the newest `feed_refreshes_kept` refreshes; a reader beyond recomputes everything
ledger   forgets what is older than `ledger_days_kept` days, but never the newest refresh
-#}
{% macro retain_subject(subject, refresh) -%}
{%- if execute -%}
{%- set models = _models_of(refresh) -%}
declare
    v_horizon date;
    v_last_day date;
    v_mark bigint;
    {{ _subject_declarations(subject, models) }}
begin
    lock table {{ _state_table(subject) }};
    lock table {{ _runs_lock() }};
    if nvl(p_part, '') not in ('facts', 'feeds', 'ledger') then
        raise exception 'unknown part %: use facts, feeds or ledger', p_part;
    end if;
    v_mode := 'retain ' || p_part;
    {{ _open_subject(subject, models) }}
    if p_part = 'facts' then
        {{ _retain_facts(subject, models) }}
    elsif p_part = 'feeds' then
        {%- for facts in models %}
        {{ _trim_feed(facts) }}
        {%- endfor %}
    else
        {{ _trim_ledger(subject) }}
    end if;
    {{ _close_subject(subject, is_change="p_part = 'facts' and v_all_removed + v_all_written > 0") }}
end;
{%- endif -%}
{%- endmacro %}

{% macro _retain_facts(subject, models) -%}
    {%- set state = _state_table(subject) -%}
    {%- set days = var('retention_days', {}) -%}
    {{ _read_positions(subject, models) }}
    {%- for facts in models if not facts.is_staging %}
    {%- set index = models.index(facts) + 1 %}
    {%- set kept = days.get(facts.name, days.get(subject)) if _asks_is_retained(facts) else none %}
    {%- if kept is none %}
    {{ _call_model(models, subject, facts, index, "'retain'") }}
    {%- else %}
    {%- set entry = _retained_entry(facts.name) %}
    v_horizon := cast(dateadd(day, -{{ kept }}, p_slot) as date);
    v_last_day := v_horizon - 1;
    update {{ state }} set moment = greatest(moment, cast(v_horizon as timestamp)) where entry = '{{ entry }}';
    get diagnostics v_rows := row_count;
    if v_rows = 0 then
        insert into {{ state }} (entry, moment) select '{{ entry }}', v_horizon;
    end if;
    {{ _call_model(models, subject, facts, index, "'retain'", high='v_last_day') }}
    {%- endif %}
    {%- endfor %}
{%- endmacro %}

{#- The newest refresh that was taken away stays as the mark: a reader that has not come so far recomputes everything. -#}
{% macro _trim_feed(facts) -%}
    {%- set feed = _change_feed(facts.name) -%}
        select max(feed.feed_refresh_id) into v_mark
        from {{ feed }} as feed
        where feed.feed_refresh_id <= v_refresh_id - {{ var('feed_refreshes_kept', 1000) }} and feed.image <> 'trim';
        if v_mark is not null then
            delete from {{ feed }} where feed_refresh_id <= v_mark;
            get diagnostics v_rows := row_count;
            insert into {{ feed }} (feed_refresh_id, image) select v_mark, 'trim';
            v_all_removed := v_all_removed + v_rows;
            {{ _report('v_models', facts.name ~ '__changes', 'v_rows', '0') }}
        end if;
{%- endmacro %}

{#- data_as_of() reads the newest refresh, however old it is. -#}
{% macro _trim_ledger(subject) -%}
    {%- set runs = runs_table() -%}
        delete from {{ runs }}
        where
            subject = '{{ subject }}'
            and started_at < dateadd(day, -{{ var('ledger_days_kept', 400) }}, p_slot)
            and started_at < (
                select max(kept.started_at) from {{ runs }} as kept
                where kept.subject = '{{ subject }}' and {{ _has_read_replicas('kept', _staging_models(subject)) }}
            );
        get diagnostics v_rows := row_count;
        v_all_removed := v_all_removed + v_rows;
        {{ _report('v_models', 'runs', 'v_rows', '0') }}
        delete from {{ arrivals_table() }}
        where subject = '{{ subject }}' and counted_at < dateadd(day, -{{ var('ledger_days_kept', 400) }}, p_slot);
        get diagnostics v_rows := row_count;
        v_all_removed := v_all_removed + v_rows;
        {{ _report('v_models', 'arrivals', 'v_rows', '0') }}
{%- endmacro %}
