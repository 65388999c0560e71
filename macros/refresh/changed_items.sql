{#- The items of a replica that staging does not hold as they are now: keys, "value", item_hash. -#}
{% macro changed_items(table) -%}
{%- do replica(table) -%}
{%- if execute -%}
    {%- set keys = model.config.unique_key -%}
select
    {{ _listed(keys, 'item') }},
    item."value",
    item.item_hash
from ({{ _hashed_items(table, keys) }}) as item
left join {{ this.include(database=false) }} as stored on {{ _joined(keys, 'item', 'stored') }}
where
    stored.item_hash is null
    or stored.item_hash <> item.item_hash
    or stored.is_deleted
{%- endif -%}
{%- endmacro %}

{% macro _hashed_items(table, keys) -%}
select {{ _listed(keys, 'source_item') }}, source_item."value", {{ item_hash('source_item."value"') }} as item_hash
from {{ replica(table) }} as source_item
{%- endmacro %}
