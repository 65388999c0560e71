{#-
dbt's view, for relations that datasets are loaded from: replaced in place, so that readers keep it; left alone by
--empty, whose text has no rows; and a view that shows other rows than before counts as a refresh that changed
something, so that SPICE takes it although no table moved.
-#}
{% materialization view, adapter='redshift' %}
    {%- set target = this.incorporate(type='view').include(database=false) -%}
    {%- set existing = load_cached_relation(this) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {% if flags.EMPTY and existing is not none %}
        {% call statement('main') %}select 1 as left_untouched{% endcall %}
    {% else %}
        {%- if not flags.EMPTY -%}{%- do _refuse_deferral() -%}{%- endif -%}
        {{ _lock_subject(model.config.meta.subject) }}
        {{ run_hooks(pre_hooks, inside_transaction=True) }}
        {% do get_assert_columns_equivalent(sql) %}
        {%- set statement_text -%}
create or replace view {{ target }} as (
{{ sql }}
){{ ' with no schema binding' if not config.get('bind', true) }}
        {%- endset -%}
        {#- CREATE OR REPLACE VIEW wants the same columns:
            https://docs.aws.amazon.com/redshift/latest/dg/r_CREATE_VIEW.html -#}
        {% set readers = [] %}
        {% if existing is not none and _catalog_columns(this) | items | list != _contracted_columns() | items | list %}
            {% set readers = _drop_views(_bound_views(target, _catalog_columns(this) | list)) %}
            {% do run_query('drop ' ~ existing.type ~ ' ' ~ target) %}
        {% endif %}
        {% call statement('main') %}
{{ statement_text }}
        {% endcall %}
        {% do _create_views(readers) %}
        {% if not flags.EMPTY %}{% do _record_view(statement_text) %}{% endif %}
        {% do persist_docs(this.incorporate(type='view'), model) %}
        {% do apply_grants(target, config.get('grants'), should_revoke=true) %}
        {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% endif %}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [this.incorporate(type='view')]}) }}
{% endmaterialization %}

{#- What a view shows without a table moving: its own text and the seeds that it reads. -#}
{% macro _record_view(statement_text) -%}
    {%- set state = _state_table(model.config.meta.subject) -%}
    {%- set shown = [statement_text] -%}
    {%- for unique_id in model.depends_on.nodes if unique_id.startswith('seed.') -%}
        {%- do shown.append(graph.nodes[unique_id].checksum.checksum) -%}
    {%- endfor -%}
    {%- set entry = 'text ' ~ model.name -%}
    {%- set version = _fingerprint(shown | join(' ')) -%}
    {%- set stored = _stored_entries(state) -%}
    {%- if stored.get(entry) != version -%}
        {%- do _put_entries(model.name, state, {entry: version}, stored) -%}
        {%- do run_query(
            'update ' ~ state ~ ' set content = $view$' ~ statement_text ~ "$view$ where entry = '" ~ entry ~ "'"
        ) -%}
        {%- do _record_news(model.config.meta.subject, model.name) -%}
    {%- endif -%}
{%- endmacro %}

{#- A refresh that no table shows: what a view shows is other than before, and its dataset has to take it. -#}
{% macro _record_news(subject, name) -%}
    {%- set state = _state_table(subject) -%}
    {%- do run_query(
        'update ' ~ state ~ ' set counter = (select max(known.counter) + 1 from ' ~ state
        ~ " as known where known.entry = 'refresh_id') where entry in ('refresh_id', 'changed_refresh_id')"
    ) -%}
    {%- do run_query(
        'insert into ' ~ runs_table() ~ ' (environment, subject, mode, step, name, outcome, refresh_id,'
        ~ ' changed_refresh_id, started_at, finished_at) select ' ~ "'" ~ environment() ~ "', '"
        ~ subject ~ "', 'deploy', 'view', '" ~ name ~ "', 'done', max(state.counter),"
        ~ ' max(state.counter), ' ~ utc_now('sysdate') ~ ', ' ~ utc_now('sysdate') ~ ' from ' ~ state ~ " as state where state.entry = 'refresh_id'"
    ) -%}
{%- endmacro %}
