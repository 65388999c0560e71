{#- The items of a replica that staging does not hold as they are now: keys, "value", item_hash. -#}
{% macro changed_items(table) -%}
{%- do replica(table) -%}
{%- if execute -%}
    {%- set keys = model.config.unique_key -%}
select
    {{ _listed(keys, 'item') }},
    item."value",
    item.item_hash
from ({{ _present_items(table, keys) }}) as item
left join {{ this.include(database=false) }} as stored on {{ _held_as_it_is(keys) }}
where stored.{{ keys[0] }} is null
{%- endif -%}
{%- endmacro %}

{#- Every item as it is now; in history mode a replica holds former states beside it. -#}
{% macro _present_items(table, keys) -%}
    {%- set is_history = _change_detection(table) == 'history' -%}
select
    {{ _hashed(keys) }}
    {{- ', source_item._record_create_time as recorded_at' if is_history }}
from {{ replica(table) }} as source_item
where {{ _has_keys(keys, 'source_item') }}{{ ' and source_item._record_is_active' if is_history }}
{%- endmacro %}

{% macro _hashed(keys) -%}
    {{ _listed(keys, 'source_item') }}, source_item."value", {{ item_hash('source_item."value"') }} as item_hash
{%- endmacro %}

{#- Redshift takes no heed of blanks at the end when it compares, so `k ` and `k`, two items of DynamoDB, would be one
    key: such an item is left out, and a test of the source tells of it. The code of a blank is 32.
    https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html -#}
{% macro _has_keys(keys, alias) -%}
    {%- for key in keys %}ascii(right({{ alias }}.{{ key }}, 1)) <> 32{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{#- NVL keeps the hash, which is dear, out of the keys of the hash join: it is computed once for an item. -#}
{% macro _held_as_it_is(keys) -%}
{{ _joined(keys, 'item', 'stored') }} and nvl(stored.item_hash = item.item_hash, false) and not stored.is_deleted
{%- endmacro %}

{#- How the changes of a DynamoDB table are found: full, history or watermark. -#}
{% macro _change_detection(table) -%}
    {%- set mode = var('change_detection', {}).get(table, _source_facts(table).get('change_detection', 'full')) -%}
    {%- if mode not in ['full', 'history', 'watermark'] -%}
        {%- do exceptions.raise_compiler_error(
            'change_detection of ' ~ table ~ ' is ' ~ mode ~ '; use full, history or watermark, '
            ~ 'in the source yml (config.meta.dynamodb) or in the var change_detection') -%}
    {%- endif -%}
    {{ return(mode) }}
{%- endmacro %}

{#- What the source yml says of a DynamoDB table under config.meta.dynamodb. -#}
{% macro _source_facts(table) -%}
    {%- for node in graph.sources.values() if node.name == table -%}
        {{ return(node.config.meta.dynamodb) }}
    {%- endfor -%}
    {{ return({}) }}
{%- endmacro %}
