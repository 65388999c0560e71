{% macro pause(subject, reason) -%}
    {%- do _refuse_unknown_subject(subject) -%}
    {%- set said = _plain_text(reason) -%}
    {%- if not said -%}
        {%- do exceptions.raise_compiler_error(
            'pause ' ~ subject ~ ': the reason is empty; give one line that tells others why') -%}
    {%- endif -%}
    {{- _lock_subject(subject) -}}
    {%- do _end_pause(subject) -%}
    {%- do run_query(
        'insert into ' ~ _state_table(subject) ~ " (entry, moment) select 'paused: " ~ escape_single_quotes(said)
        ~ "', " ~ utc_now('sysdate')
    ) -%}
    {%- do _record_pause(subject, 'paused', said) -%}
    {%- do adapter.commit() -%}
    {%- do log(subject ~ ' is paused: ' ~ said ~ '; deploys go on, but call nothing; go on with: dbt run-operation '
        ~ "resume --args '{subject: " ~ subject ~ "}'", info=true) -%}
{%- endmacro %}

{% macro _end_pause(subject) -%}
    {%- do run_query('delete from ' ~ _state_table(subject) ~ " where entry like 'paused: %'") -%}
{%- endmacro %}

{% macro _record_pause(subject, outcome, detail) -%}
    {%- do run_query(
        'insert into ' ~ runs_table() ~ ' (environment, subject, mode, step, name, outcome, detail, started_at,'
        ~ " finished_at) select '" ~ environment() ~ "', '" ~ subject ~ "', 'operate', 'pause', '"
        ~ escape_single_quotes(target.user) ~ "', '" ~ outcome ~ "', '" ~ escape_single_quotes(detail)
        ~ "', " ~ utc_now('sysdate') ~ ', ' ~ utc_now('sysdate')
    ) -%}
{%- endmacro %}

{#- A person's text as it may stand in a literal and in JSON: one line, no backslash, no double quote. -#}
{% macro _plain_text(text) -%}
    {{ return((text | string | replace('\\', '/') | replace('"', "'")).split() | join(' ') | truncate(140, true, '', 0)) }}
{%- endmacro %}

{% macro _refuse_unknown_subject(subject) -%}
    {%- if subject not in _subjects() -%}
        {%- do exceptions.raise_compiler_error(
            'no subject ' ~ subject ~ '; there is ' ~ _subjects() | join(', ')) -%}
    {%- endif -%}
{%- endmacro %}
