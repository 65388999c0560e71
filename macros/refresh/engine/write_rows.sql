{#- Removes what left or changed, writes what is new or changed, and hands both images on. -#}
{% macro _write(facts, target) -%}
    {%- set delta = '_delta__' ~ facts.name -%}
    {%- set fed = facts.unique_key + facts.hand_on -%}
    {%- set written = facts.own + facts.bookkeeping -%}
    {%- set bound = facts.bounded_by -%}
    {%- if not facts.is_append_only %}
    select min(moved.{{ bound }}), max(moved.{{ bound }}) into v_low, v_high
    from {{ delta }} as moved
    where moved.image = 'old';
    delete from {{ target }}
    using {{ delta }} as moved
    where
        moved.image = 'old'
        and {{ _joined(facts.unique_key, target.identifier, 'moved') }}
        and ({{ target.identifier }}.{{ bound }} between v_low and v_high
            or {{ target.identifier }}.{{ bound }} is null);
    get diagnostics v_rows := row_count;
    p_removed := v_rows;
    {%- endif %}
    insert into {{ target }} ({{ written | join(', ') }})
    select {{ _listed(written, 'moved') }}
    from {{ delta }} as moved
    where moved.image = 'new';
    get diagnostics v_rows := row_count;
    p_written := v_rows;
    {{ _feed_images(facts, target, delta, fed) }}
{%- endmacro %}

{#- When most of the table was written, one mark that makes readers recompute everything costs less than the images;
    of a small table they cost nothing. -#}
{% macro _feed_images(facts, target, delta, fed) -%}
    {%- set feed = _change_feed(facts.name) -%}
    v_stored := 0;
    if v_everything and p_written > 1000 then
        select count(*) into v_stored from {{ target }};
    end if;
    if p_written * 2 < v_stored or v_stored = 0 then
        insert into {{ feed }} (feed_refresh_id, image, {{ fed | join(', ') }})
        select v_refresh_id, moved.image, {{ _listed(fed, 'moved') }}
        from {{ delta }} as moved;
    else
        insert into {{ feed }} (feed_refresh_id, image) select v_refresh_id, 'trim';
    end if;
{%- endmacro %}
