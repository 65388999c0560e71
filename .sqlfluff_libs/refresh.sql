{# What the macros of macros/refresh and macros/security become, as plain SQL that the linter can read. #}
{% macro changed_items(table) -%}
    select log_key, job_key, failed_at, "value", item_hash from replica
{%- endmacro %}
{% macro affected_keys() -%}
    select log_key, job_id, pipeline_id, key_on, run_on from change
{%- endmacro %}
{% macro in_affected_range(column) -%}
    {{ column }} between '2026-03-01' and '2026-03-31'
{%- endmacro %}
{% macro data_as_of(subject) -%}
    (select max(run.slot_at) from runs as run)
{%- endmacro %}
{% macro runs_table() -%} ops.runs {%- endmacro %}
{% macro environment() -%} dev {%- endmacro %}
{% macro refresh_subject(subject, models) -%} select 1 {%- endmacro %}
{% macro check_subject(subject, relations) -%} select 1 {%- endmacro %}
{% macro reprocess_subject(subject, refresh) -%} select 1 {%- endmacro %}
{% macro retain_subject(subject, refresh) -%} select 1 {%- endmacro %}
{% macro is_retained(day) -%} {{ day }} >= (select max(state.moment) from state) {%- endmacro %}
{% macro lock_explanation() -%} select 1 {%- endmacro %}
