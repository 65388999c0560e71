{#-
The body of reprocess_<subject>: re-reads the items of a range of event dates and recomputes what the marts hold of
these days, from the replica as it is now, in one transaction. It uses up no slot.
-#}
{% macro reprocess_subject(subject, refresh) -%}
{%- if execute -%}
{%- set models = _models_of(refresh) -%}
declare
    {{ _subject_declarations(subject, models) }}
begin
    lock table {{ _state_table(subject) }};
    if p_from is null or p_to is null or p_from > p_to then
        raise exception 'reprocess wants a range of days, the first not after the last; it got % to %', p_from, p_to;
    end if;
    v_mode := 'reprocess';
    v_detail := to_char(p_from, 'YYYY-MM-DD') || ' to ' || to_char(p_to, 'YYYY-MM-DD');
    {{ _open_subject(subject, models) }}
    {{ _ask_replica_states(subject, models) }}
    {{ _read_positions(subject, models) }}
    {%- for facts in models %}

    {{ _call_model(models, subject, facts, loop.index, "'reprocess'", 'p_from', 'p_to') }}
    {%- endfor %}

    {{ _close_subject(subject, has_slot=false) }}
end;
{%- endif -%}
{%- endmacro %}

{#- The models that a refresh procedure names, in its order. -#}
{% macro _models_of(refresh) -%}
    {%- set names = [] -%}
    {%- for unique_id in _node_named(refresh.identifier).depends_on.nodes -%}
        {%- do names.append(graph.nodes[unique_id].name) -%}
    {%- endfor -%}
    {{ return(_in_order(names)) }}
{%- endmacro %}
