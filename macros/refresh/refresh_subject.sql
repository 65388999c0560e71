{#-
The body of refresh_<subject>: one transaction that brings every table of the subject up to date with the
replica, in the order of the graph. A model whose upstreams did not move is not called.
-#}
{% macro refresh_subject(subject, relations) -%}
{%- if execute -%}
{%- set models = _in_order(relations | map(attribute='identifier') | list) -%}
declare
    {{ _subject_declarations(subject, models) }}
begin
    lock table {{ _state_table(subject) }};
    if nvl(p_mode, '') not in ('incremental', 'reconcile') then
        raise exception 'unknown mode %: use incremental or reconcile', p_mode;
    end if;
    v_mode := p_mode;
    {{ _open_subject(subject, models) }}
    {{ _ask_replica_states(subject, models) }}
    {{ _read_positions(subject, models) }}
    {%- for facts in models %}

    {{ _call_model(models, subject, facts, loop.index, 'p_mode') }}
    {%- endfor %}

    {{ _close_subject(subject) }}
end;
{%- endif -%}
{%- endmacro %}
