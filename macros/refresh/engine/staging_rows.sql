{#-
_delta__ of a staging model. The replica is read once, into _items__, which holds what staging does not hold as
it is now. What staging holds live and the replica no longer has becomes a tombstone. Bookkeeping moves only
when the item itself changed, so a new column of ours does not.
-#}
{% macro _staging_rows(facts, target, model_sql) -%}
    {%- set keys = facts.unique_key -%}
    {%- set items = '_items__' ~ facts.name -%}
    {%- set now = '_now__' ~ facts.name -%}
    {%- set delta = '_delta__' ~ facts.name -%}
    {%- set compared = facts.own + ['is_deleted', 'deleted_reason'] -%}
    {%- set named = changed_items(facts.detect.table) -%}
    {%- if named not in model_sql -%}
        {%- do exceptions.raise_compiler_error(
            facts.name ~ " declares meta.refresh.detect but does not select from changed_items('"
            ~ facts.detect.table ~ "')"
        ) -%}
    {%- endif %}
    create temp table {{ now }} as
    select
        {{ _listed(facts.own, 'present') }},
        false as is_deleted,
        cast(null as varchar(16)) as deleted_reason
    from (
{{ model_sql | replace(named,
    'select ' ~ _listed(keys, 'item') ~ ', item."value", item.item_hash from ' ~ items
    ~ ' as item where not item.is_gone and item.state_number = v_state') }}
    ) as present
    union all
    select
        {{ _listed(facts.own, 'stored') }},
        true as is_deleted,
        {% if facts.expires_at -%}
        case when stored.{{ facts.expires_at }} <= item.recorded_at then 'ttl' else 'delete' end as deleted_reason
        {%- else -%}
        'delete' as deleted_reason
        {%- endif %}
    from {{ items }} as item
    inner join {{ target }} as stored on {{ _joined(keys, 'item', 'stored') }}
    where item.is_gone and item.state_number = v_state and not stored.is_deleted;

    select count(*) into v_repeated
    from (
        select {{ _listed(keys, 'present') }}
        from {{ now }} as present
        inner join {{ items }} as item on {{ _joined(keys, 'present', 'item') }} and item.state_number = v_state
        group by {{ _listed(keys, 'present') }}
        having count(*) > 1
    ) as repeated;
    if v_repeated > 0 then
        raise exception '{{ facts.name }}: % items ({{ keys | join(', ') }}) come more than once; nothing was written. A replica in history mode needs change_detection: history', v_repeated;
    end if;
    {%- if facts.range %}

    select min(present.{{ facts.range }}), max(present.{{ facts.range }}) into v_range_low, v_range_high
    from {{ now }} as present;
    {%- endif %}

    create temp table {{ delta }} as
    select
        'new' as image,
        {{ _listed(compared, 'changed') }},
        nvl(stored.first_seen_at, v_now) as first_seen_at,
        case
            when stored.item_hash = changed.item_hash and stored.is_deleted = changed.is_deleted
                then stored.changed_at
            else item.recorded_at
        end as changed_at,
        case
            when stored.item_hash = changed.item_hash and stored.is_deleted = changed.is_deleted
                then stored.refresh_id
            else v_refresh_id
        end as refresh_id
    from (
        select {{ compared | join(', ') }} from {{ now }}
        except
        select {{ _listed(compared, 'stored') }}
        from {{ target }} as stored
        inner join {{ now }} as present
            on {{ _joined(keys, 'stored', 'present') }}{{ _in_range(facts, 'stored') }}
    ) as changed
    inner join {{ items }} as item
        on {{ _joined(keys, 'changed', 'item') }} and item.state_number = v_state
    left join {{ target }} as stored
        on {{ _joined(keys, 'changed', 'stored') }}{{ _in_range(facts, 'stored') }};

    {{ _mass_change_guard(facts, target) }}

    insert into {{ delta }} (image, {{ (compared + ['first_seen_at', 'changed_at', 'refresh_id']) | join(', ') }})
    select 'old', {{ _listed(compared + ['first_seen_at', 'changed_at', 'refresh_id'], 'stored') }}
    from {{ target }} as stored
    inner join {{ delta }} as moved
        on {{ _joined(keys, 'stored', 'moved') }}{{ _in_range(facts, 'stored') }};
{%- endmacro %}

{#- A resync or a wrong load must not sweep through the marts unseen: a fifth of the rows needs a person's word, for
    one slot; a deploy has none, and goes by the day. -#}
{% macro _mass_change_guard(facts, target) -%}
    if v_items > {{ var('mass_change_rows', 1000) }} then
        select count(*) into v_changed
        from {{ '_delta__' ~ facts.name }} as moved
        inner join {{ target }} as stored
            on {{ _joined(facts.unique_key, 'moved', 'stored') }}{{ _in_range(facts, 'stored') }}
        where stored.item_hash <> moved.item_hash or stored.is_deleted <> moved.is_deleted;
        select count(*) into v_live from {{ target }} as stored where not stored.is_deleted;
        v_word := nvl(p_slot, date_trunc('day', v_now));
        select max(state.moment) into v_allowed
        from {{ _state_table(facts.subject) }} as state
        where state.entry = 'mass change' and state.moment = v_word;
        if v_allowed is null
            and v_changed > {{ var('mass_change_rows', 1000) }}
            and v_changed > {{ var('mass_change_share', 0.2) }} * v_live
        then
            raise exception 'mass change: % of % rows of {{ facts.name }} would be deleted or changed. If that is meant, run: dbt run-operation allow_mass_change --args ''{subject: {{ facts.subject }}, slot: "%"}''', v_changed, v_live, v_word;
        end if;
    end if;
{%- endmacro %}
