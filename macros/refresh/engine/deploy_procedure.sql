{#-
Replaces the model's procedure and its state entries. A model whose text, shape or seeds changed, or that is
rebuilt (--full-refresh), has consumed nothing: its next refresh recomputes everything. Returns whether to
call it now.
-#}
{% macro _deploy_procedure(facts, target, sql, is_reshaped) -%}
    {%- set state = _state_table(facts.subject) -%}
    {%- set text = _model_procedure_sql(facts, target, sql) -%}
    {%- set version = _fingerprint(text) -%}
    {%- set stored = _stored_entries(state) -%}
    {%- set is_new = (is_reshaped or should_full_refresh() or stored.get('text ' ~ facts.name) != version) -%}

    {%- call statement('create_procedure') -%}
{{ text }}
    {%- endcall -%}
    {%- do run_query('revoke execute on procedure ' ~ _model_signature(facts.name)
        ~ ' from public') -%}

    {%- set entries = {} -%}
    {%- do entries.update({'model ' ~ facts.name: engine_version(), 'text ' ~ facts.name: version}) -%}
    {%- do entries.update({'feed ' ~ facts.name: stored.get('feed ' ~ facts.name, 0)}) -%}
    {%- if facts.is_staging -%}
        {%- for entry in [
            _newest_entry(facts.name), _looked_entry(facts.name), _recorded_entry(facts.name), _whole_entry(facts.name)
        ] -%}
            {%- do entries.update({entry: none}) -%}
        {%- endfor -%}
    {%- endif -%}
    {%- if should_full_refresh() and var('forget_history', false) -%}
        {%- set next_id = stored['refresh_id'] + 1 -%}
        {%- if _forget_history(facts, target, next_id) -%}
            {%- do entries.update({'feed ' ~ facts.name: next_id}) -%}
        {%- endif -%}
    {%- endif -%}
    {%- for upstream in facts.tables + ([facts.detect.table] if facts.is_staging else []) -%}
        {%- set entry = _consumed_entry(facts.name, upstream) -%}
        {%- do entries.update({entry: none if is_new else stored.get(entry)}) -%}
    {%- endfor -%}
    {%- for seed in facts.seeds -%}
        {%- set entry = _consumed_entry(facts.name, seed) -%}
        {%- set known = stored.get(entry) == _seed_fingerprint(seed) and not is_new -%}
        {%- do entries.update({entry: stored.get(entry) if known else none}) -%}
    {%- endfor -%}
    {%- do _put_entries(facts.name, state, entries, stored) -%}

    {%- set policy = var('refresh_on_run', 'changed' if environment() == 'prod' else 'always') -%}
    {%- if policy not in ['always', 'changed', 'never'] -%}
        {%- do exceptions.raise_compiler_error(
            'refresh_on_run is ' ~ policy ~ '; use always, changed or never') -%}
    {%- endif -%}
    {%- set wanted = policy == 'always' or (policy == 'changed' and is_new) -%}
    {{ return(wanted and not _is_paused(stored)) }}
{%- endmacro %}

{% macro _stored_entries(state) -%}
    {%- set stored = {} -%}
    {%- for row in run_query('select entry, counter from ' ~ state).rows -%}
        {%- do stored.update({row[0]: row[1]}) -%}
    {%- endfor -%}
    {{ return(stored) }}
{%- endmacro %}

{% macro _is_paused(stored) -%}
    {%- for entry in stored if entry.startswith('paused: ') -%}{{ return(true) }}{%- endfor -%}
    {{ return(false) }}
{%- endmacro %}

{#- Only what differs is written; entries of upstreams that the model no longer reads go. -#}
{% macro _put_entries(name, state, entries, stored) -%}
    {%- for entry in stored -%}
        {%- set is_mine = entry.startswith('consumed ' ~ name ~ ' from ') or entry in entries -%}
        {%- if is_mine and (entry not in entries or entries[entry] != stored[entry]) -%}
            {%- do run_query('delete from ' ~ state ~ " where entry = '" ~ entry ~ "'") -%}
        {%- endif -%}
    {%- endfor -%}
    {%- for entry, counter in entries.items() if entry not in stored or counter != stored[entry] -%}
        {%- do run_query(
            'insert into ' ~ state ~ " (entry, counter) select '" ~ entry ~ "', cast("
            ~ (counter if counter is not none else 'null') ~ ' as bigint)'
        ) -%}
    {%- endfor -%}
{%- endmacro %}

{#- Versions and tombstones cannot be read again from the replica, so only a person's word removes them. -#}
{% macro _forget_history(facts, target, next_id) -%}
    {%- if not (facts.is_append_only or facts.is_staging) -%}{{ return(false) }}{%- endif -%}
    {%- set forgotten = target ~ (' where is_deleted' if facts.is_staging else '') -%}
    {%- set fed = (facts.unique_key + facts.hand_on) | join(', ') -%}
    {%- do run_query(
        'insert into ' ~ _change_feed(facts.name) ~ ' (feed_refresh_id, image, ' ~ fed ~ ') select '
        ~ next_id ~ ", 'old', " ~ fed ~ ' from ' ~ forgotten
    ) -%}
    {%- do run_query('delete from ' ~ forgotten) -%}
    {{ return(true) }}
{%- endmacro %}
