{% macro allow_mass_change(subject, slot) -%}
    {%- do _refuse_unknown_subject(subject) -%}
    {{- _lock_subject(subject) -}}
    {%- do run_query(
        'update ' ~ _state_table(subject) ~ " set moment = cast('" ~ escape_single_quotes(slot | string) ~ "' as timestamp) where entry = 'mass change'"
    ) -%}
    {%- do adapter.commit() -%}
    {%- do log('a mass change of ' ~ subject ~ ' is allowed for the slot ' ~ slot, info=true) -%}
{%- endmacro %}
