{#-
_items__: what staging does not hold as it is now, from one read of its replica. One row per item, or in history mode
per state of an item: its keys, item_hash and "value"; state_number, 1 for the state to write first; when it became
so; and is_gone where the item has left the replica.
-#}
{% macro _detect_changes(facts, target) -%}
    {%- set mode = facts.detect.mode -%}
    {%- if mode == 'full' -%}
    {{ _all_items(facts, target) }}
    {%- else -%}
    v_all := v_everything or v_since is null or p_to is not null{{ ' or p_refresh_id is null' if mode == 'history' }};
    if v_all then
        {%- if mode == 'history' %}
        select greatest(max(source_item._record_create_time), max(source_item._record_delete_time)) into v_whole
        from {{ replica(facts.detect.table) }} as source_item;
        {%- endif %}
        {{ _all_items(facts, target) }}
    else
        {% if mode == 'history' -%}
        {{ _recent_states(facts, target) }}
        {%- else -%}
        {{ _recent_items(facts, target) }}
        {%- endif %}
    end if;
    {%- endif %}
{%- endmacro %}

{#- Every item against every stored row; only so is an item missed that left or was overwritten unseen. Held and
    looked at for nothing is most of a table: one full join lets it go without writing it down. -#}
{% macro _all_items(facts, target) -%}
    {%- set keys = facts.unique_key -%}
    {%- set is_history = facts.detect.mode == 'history' -%}
    create temp table {{ '_items__' ~ facts.name }} as
    select
        {%- for key in keys %}
        nvl(item.{{ key }}, stored.{{ key }}) as {{ key }},
        {%- endfor %}
        item.item_hash,
        item."value",
        1 as state_number,
        {{ 'nvl(item.recorded_at, v_whole, v_now)' if is_history else 'v_now' }} as recorded_at,
        item.{{ keys[0] }} is null as is_gone
    from ({{ _present_items(facts.detect.table, keys) }}) as item
    full join {{ target }} as stored on {{ _joined(keys, 'item', 'stored') }}
    where
        (item.{{ keys[0] }} is null and not stored.is_deleted)
        or (item.{{ keys[0] }} is not null and (
            v_everything
            or nvl(stored.is_deleted or stored.item_hash <> item.item_hash, true)
            or (p_to is not null
            {%- if facts.range %} and stored.{{ facts.range }} between nvl(p_from, cast('0001-01-01' as date)) and p_to{% endif -%}
            )
        ));
{%- endmacro %}

{#- Items whose event time is within the lookback of the newest one staged; one without a day waits for the
    reconcile, since it would widen the range of days to all there are. -#}
{% macro _recent_items(facts, target) -%}
    {%- set keys = facts.unique_key -%}
    {%- set seen = '_seen__' ~ facts.name -%}
    create temp table {{ seen }} as
    select {{ _hashed(keys) }}
    from {{ replica(facts.detect.table) }} as source_item
    where {{ event_day(facts.detect.event_time) }} between v_since_day and '9999-12-31';

    {{ _range_of_seen(facts, seen) }}

    create temp table {{ '_items__' ~ facts.name }} as
    select
        {{ _listed(keys, 'item') }},
        item.item_hash,
        item."value",
        1 as state_number,
        v_now as recorded_at,
        false as is_gone
    from {{ seen }} as item
    left join {{ target }} as stored on {{ _held_as_it_is(keys) }}{{ _in_range(facts, 'stored') }}
    where stored.{{ keys[0] }} is null and {{ _has_keys(keys, 'item') }};
{%- endmacro %}

{#-
States recorded or closed since shortly before the newest one known. A state that staging never held is written
in its turn, so that the model of versions sees each; the newest one counts by its hash, whenever it was recorded.
https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-history-mode.html
-#}
{% macro _recent_states(facts, target) -%}
    {%- set keys = facts.unique_key -%}
    {%- set seen = '_seen__' ~ facts.name -%}
    {%- set items = '_items__' ~ facts.name -%}
    create temp table {{ seen }} as
    select
        {{ _listed(keys, 'source_item') }},
        source_item."value",
        {{ item_hash('source_item."value"') }} as item_hash,
        source_item._record_create_time as recorded_at,
        source_item._record_delete_time as closed_at,
        source_item._record_is_active as is_active,
        row_number() over (
            partition by {{ _listed(keys, 'source_item') }}
            order by
                case when source_item._record_is_active then 0 else 1 end,
                source_item._record_create_time desc,
                source_item._record_delete_time desc
        ) as age
    from {{ replica(facts.detect.table) }} as source_item
    where
        (source_item._record_create_time >= v_since or source_item._record_delete_time >= v_since)
        and {{ _has_keys(keys, 'source_item') }};

    {{ _range_of_seen(facts, seen) }}

    create temp table {{ items }} as
    select
        {{ _listed(keys, 'item') }},
        item.item_hash,
        item."value",
        row_number() over (partition by {{ _listed(keys, 'item') }} order by item.recorded_at, item.age desc)
            as state_number,
        item.recorded_at,
        false as is_gone
    from {{ seen }} as item
    left join {{ target }} as stored on {{ _joined(keys, 'item', 'stored') }}{{ _in_range(facts, 'stored') }}
    where
        item.recorded_at > greatest(stored.changed_at, v_whole)
        or (item.age = 1 and item.is_active and (stored.is_deleted or nvl(stored.item_hash <> item.item_hash, true)));

    insert into {{ items }} ({{ keys | join(', ') }}, state_number, recorded_at, is_gone)
    select {{ _listed(keys, 'gone') }}, nvl(states.states, 0) + 1, gone.closed_at, true
    from {{ seen }} as gone
    left join (
        select {{ _listed(keys, 'item') }}, count(*) as states from {{ items }} as item
        group by {{ _listed(keys, 'item') }}
    ) as states on {{ _joined(keys, 'gone', 'states') }}
    left join {{ target }} as stored on {{ _joined(keys, 'gone', 'stored') }}{{ _in_range(facts, 'stored') }}
    where
        gone.age = 1
        and not gone.is_active
        and (states.states > 0 or not stored.is_deleted);
{%- endmacro %}

{% macro _range_of_seen(facts, seen) -%}
    {%- if facts.range -%}
    select min(item.ranged_on), max(item.ranged_on) into v_range_low, v_range_high
    from (select {{ facts.range_of }} as ranged_on from {{ seen }}) as item;
    {%- endif -%}
{%- endmacro %}

{#- From where the next refresh has to look, and how far behind the newest item the changed ones came. -#}
{% macro _record_arrivals(facts) -%}
    {%- set now = '_now__' ~ facts.name -%}
    {%- set event_at = facts.detect.event_at -%}
    if v_newest is not null and not v_everything then
        insert into {{ arrivals_table() }} (subject, model, refresh_id, late_hours, items, counted_at)
        select
            '{{ facts.subject }}', '{{ facts.name }}', v_refresh_id,
            greatest(datediff(hour, present.{{ event_at }}, v_newest), 0), count(*), v_now
        from {{ now }} as present
        where present.{{ event_at }} is not null and not present.is_deleted
        group by 4;
    end if;
    select max(present.{{ event_at }}) into v_latest
    from {{ now }} as present
    where present.{{ event_at }} <= v_now and not present.is_deleted;
    update {{ _state_table(facts.subject) }} set moment = v_latest
    where entry = '{{ _newest_entry(facts.name) }}' and (moment is null or moment < v_latest);
{%- endmacro %}

{#- A look at every item passes over the states that they went through before; they are not made up later. -#}
{% macro _record_states(facts) -%}
    if v_all then
        v_latest := v_whole;
        update {{ _state_table(facts.subject) }} set moment = v_whole
        where entry = '{{ _whole_entry(facts.name) }}';
    else
        select max(item.recorded_at) into v_latest from {{ '_items__' ~ facts.name }} as item;
    end if;
    update {{ _state_table(facts.subject) }} set moment = v_latest
    where entry = '{{ _recorded_entry(facts.name) }}' and (moment is null or moment < v_latest);
{%- endmacro %}
