{#- Whether a day is not below the horizon that retain_<subject> last moved; null is not retained. -#}
{% macro is_retained(day) -%}
{%- set subject = model.config.get('meta', {}).get('subject') -%}
{%- if not subject -%}{#- A unit test. -#}true{%- else -%}
{{ day }} >= (
    select coalesce(cast(max(state.moment) as date), cast('1900-01-01' as date))
    from {{ _state_table(subject) }} as state
    where state.entry = '{{ _retained_entry(model.name) }}'
)
{%- endif -%}
{%- endmacro %}

{% macro _retained_entry(model_name) -%}
    {{ return('retained ' ~ model_name) }}
{%- endmacro %}

{#- Only of its range column can a model say which of its rows lie below the horizon. -#}
{% macro _asks_is_retained(facts) -%}
    {%- set written = _node_named(facts.name).raw_code -%}
    {%- set asks = 'is_retained(' in written -%}
    {%- if asks and "is_retained('" ~ facts.range ~ "')" not in written -%}
        {%- do exceptions.raise_compiler_error(
            facts.name ~ ' asks is_retained() of another column than its meta.refresh.range; write is_retained('
            ~ "'" ~ facts.range ~ "')") -%}
    {%- endif -%}
    {{ return(asks) }}
{%- endmacro %}
