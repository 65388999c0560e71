{% macro resume(subject) -%}
    {%- do _refuse_unknown_subject(subject) -%}
    {{- _lock_subject(subject) -}}
    {%- do _end_pause(subject) -%}
    {%- do _record_pause(subject, 'resumed', '-') -%}
    {%- do adapter.commit() -%}
    {%- do log(subject ~ ' goes on with its next slot', info=true) -%}
{%- endmacro %}
