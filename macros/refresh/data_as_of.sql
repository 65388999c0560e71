{% macro data_as_of(subject) -%}
(
    select max(coalesce(run.slot_at, run.started_at))
    from {{ runs_table() }} as run
    where run.subject = '{{ subject }}' and {{ _has_read_replicas('run') }}
)
{%- endmacro %}

{#- Retention reads no replica, a reprocess only some days of it. -#}
{% macro _has_read_replicas(run) -%}
    {{ run }}.refresh_id is not null and {{ run }}.mode in ('incremental', 'reconcile', 'deploy')
{%- endmacro %}
