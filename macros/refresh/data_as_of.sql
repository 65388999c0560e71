{% macro data_as_of(subject) -%}
(
    select max(coalesce(run.slot_at, run.started_at))
    from {{ runs_table() }} as run
    where run.subject = '{{ subject }}' and run.refresh_id is not null
)
{%- endmacro %}
