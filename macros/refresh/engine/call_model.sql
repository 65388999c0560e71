{#- How a subject's procedure calls the procedures of its models, and adds up what they did. -#}

{#-
Calls a model if its upstreams moved (staging: always), or if it is to recompute the days from `low` to `high` too.
A refresh that waited for the lock reads the replicas as they were before it waited. One that began later may have
had its turn first: it has read more of that replica, so this one leaves it alone and brings no older item back. One
that was to look at every item begins again, unless each look at the replica is one at every item (`full`).
https://docs.aws.amazon.com/redshift/latest/dg/cross-database-overview.html
-#}
{% macro _call_model(models, subject, facts, index, mode, low='null', high='null') -%}
    {%- set has_days = high != 'null' and facts.range -%}
    v_is_called := false;
    v_model_removed := 0;
    v_model_written := 0;
    {%- if facts.is_append_only %}
    v_model_written := v_replayed_{{ index }};
    v_is_called := v_replayed_{{ index }} > 0;
    {%- endif %}
    {%- if facts.is_staging %}
    if v_outrun_{{ index }} = 0 then
        {{ _call_staging(models, facts, index, mode, low, high) }}
    {%- if facts.detect.mode != 'full' %}
    elsif v_mode <> 'incremental' then
        raise exception 'another refresh of {{ subject }} ran at the same time, with a newer view of the replicas; nothing was written, call it again';
    {%- endif %}
    end if;
    {%- elif has_days %}
    {{ _one_call(facts, index, mode, low, high) }}
    {%- else %}
    if {{ _is_behind(models, subject, facts, index) }} then
        {{ _one_call(facts, index, mode) }}
    end if;
    {%- endif %}
    if v_is_called then
        {{ _report('v_models', facts.name, 'v_model_removed', 'v_model_written') }}
        v_all_removed := v_all_removed + v_model_removed;
        v_all_written := v_all_written + v_model_written;
    end if;
{%- endmacro %}

{#- In history mode the states come first, also where everything is looked at afterwards. -#}
{% macro _call_staging(models, facts, index, mode, low, high) -%}
    {%- if facts.detect.mode == 'history' %}
    {{ _replay_states(models, facts, index) }}
    if v_mode <> 'incremental' then
        v_refresh_id := v_refresh_id + 1;
        {{ _one_call(facts, index, mode, low, high) }}
    end if;
    drop table if exists {{ '_items__' ~ facts.name }};
    {%- else %}
    {{ _one_call(facts, index, mode, low, high) }}
    {%- endif %}
{%- endmacro %}

{% macro _one_call(facts, index, mode, low='null', high='null') -%}
    v_removed := 0;
    v_written := 0;
    call {{ _model_procedure(facts.name) }}(
        v_refresh_id, {{ mode }}, p_slot, cast({{ low }} as date), cast({{ high }} as date), v_removed, v_written
    );
    if v_removed + v_written > 0 then
        v_feed_{{ index }} := v_refresh_id;
    end if;
    v_is_called := true;
    v_model_removed := v_model_removed + v_removed;
    v_model_written := v_model_written + v_written;
{%- endmacro %}

{#- Each state that an item went through since the last refresh, under a refresh id of its own, so that the
    append-only readers of the model see it before the next one takes its place. -#}
{% macro _replay_states(models, facts, index) -%}
    {{ _one_call(facts, index, "'incremental'") }}
    select count(*) into v_rows from {{ '_items__' ~ facts.name }} as item where item.state_number > 1;
    while v_rows > 0 loop
        {%- for reader in models if reader.is_append_only and facts.name in reader.reads %}
        call {{ _model_procedure(reader.name) }}(
            v_refresh_id, 'incremental', p_slot, cast(null as date), cast(null as date), v_removed, v_written
        );
        {#- Its own turn may find nothing more, and its readers are called for these rows. #}
        if v_written > 0 then
            v_feed_{{ models.index(reader) + 1 }} := v_refresh_id;
            v_replayed_{{ models.index(reader) + 1 }} := v_replayed_{{ models.index(reader) + 1 }} + v_written;
        end if;
        {%- endfor %}
        v_refresh_id := v_refresh_id + 1;
        {{ _one_call(facts, index, "'replay'") }}
        select count(*) into v_rows from {{ '_items__' ~ facts.name }} as item where item.state_number > 1;
    end loop;
{%- endmacro %}

{#- One more entry of the result's "models". -#}
{% macro _report(models, name, removed, written) -%}
    {{ models }} := {{ models }} || case when {{ models }} = '' then '' else ', ' end || '"{{ name }}": {"removed": '
        || cast({{ removed }} as varchar(20)) || ', "written": ' || cast({{ written }} as varchar(20)) || '}';
{%- endmacro %}
