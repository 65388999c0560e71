{#- Whether a day is not below the horizon that retain_<subject> last moved; null is not retained. -#}
{% macro is_retained(day) -%}
{{ day }} >= (
    select coalesce(cast(max(state.moment) as date), cast('1900-01-01' as date))
    from {{ _state_table(model.config.meta.subject) }} as state
    where state.entry = '{{ _retained_entry(model.name) }}'
)
{%- endmacro %}

{% macro _retained_entry(model_name) -%}
    {{ return('retained ' ~ model_name) }}
{%- endmacro %}

{% macro _asks_is_retained(model_name) -%}
    {%- for node in graph.nodes.values() if node.resource_type == 'model' and node.name == model_name -%}
        {{ return('is_retained(' in node.raw_code) }}
    {%- endfor -%}
{%- endmacro %}
