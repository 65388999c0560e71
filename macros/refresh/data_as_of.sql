{% macro data_as_of(subject) -%}
{%- if execute -%}
(
    {%- set read = [] -%}
    {%- for name in _staging_models(subject) -%}
        {%- do read.append(
            'max(case when ' ~ _has_read_replicas('run', [name]) ~ ' then coalesce(run.slot_at, run.started_at) end)'
        ) -%}
    {%- endfor %}
    select {{ 'least(' ~ read | join(', ') ~ ')' if read | length > 1 else read | first | default('cast(null as timestamp)') }}
    from {{ runs_table() }} as run
    where run.subject = '{{ subject }}'
)
{%- endif -%}
{%- endmacro %}

{#- A refresh reads all replicas, the deploy of a staging model its own; retention none, a reprocess some days. -#}
{% macro _has_read_replicas(run, staging) -%}
    {{ run }}.refresh_id is not null and ({{ run }}.mode in ('incremental', 'reconcile')
        or ({{ run }}.mode = 'deploy' and {{ run }}.name in ('{{ staging | join("', '") }}')))
{%- endmacro %}

{% macro _staging_models(subject) -%}
    {%- set found = [] -%}
    {%- for node in graph.nodes.values()
        if node.resource_type == 'model' and node.config.meta.get('subject') == subject
        and 'detect' in node.config.meta.get('refresh', {}) -%}
        {%- do found.append(node.name) -%}
    {%- endfor -%}
    {{ return(found | sort) }}
{%- endmacro %}
