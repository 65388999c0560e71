{#- The keys of this model that its upstreams' change feeds name since it last consumed them. -#}
{% macro affected_keys() -%}
{%- if execute -%}
    {%- set since = [] -%}
    {%- for upstream in model.config.meta.refresh.reads -%}
        {%- do since.append(
            '(select coalesce(max(state.counter), -1) from ' ~ _state_table(model.config.meta.subject)
            ~ " as state where state.entry = '" ~ _consumed_entry(model.name, upstream) ~ "')"
        ) -%}
    {%- endfor -%}
    {{ _keys_in_feeds(model.config.meta.refresh.reads, since) }}
{%- endif -%}
{%- endmacro %}

{#- `since` holds, for each upstream of `reads`, the refresh up to which its feed has been read. -#}
{% macro _keys_in_feeds(reads, since) -%}
    {%- set columns = _affected_columns(reads) -%}
select distinct {{ _listed(columns, 'change') }}
from (
    {%- for upstream, keys in reads.items() if keys %}
    select {{ _listed(keys, 'feed') }}
    from {{ _change_feed(upstream) }} as feed
    where feed.feed_refresh_id > {{ since[(reads | list).index(upstream)] }}
    {{- ' union all' if not loop.last }}
    {%- endfor %}
) as change
where {% for column in columns %}change.{{ column }} is not null{{ ' and ' if not loop.last }}{% endfor %}
{%- endmacro %}

{#- The columns of `reads`; every upstream that names any must name the same ones. -#}
{% macro _affected_columns(reads) -%}
    {%- set found = namespace(columns=[]) -%}
    {%- for upstream, keys in reads.items() if keys -%}
        {%- if found.columns and found.columns != keys -%}
            {%- do exceptions.raise_compiler_error(
                model.name ~ ': meta.refresh.reads names ' ~ found.columns ~ ' and, for ' ~ upstream
                ~ ', ' ~ keys ~ '; every upstream must name the same columns in the same order'
            ) -%}
        {%- endif -%}
        {%- set found.columns = keys -%}
    {%- endfor -%}
    {{ return(found.columns) }}
{%- endmacro %}

{% macro _listed(columns, alias) -%}
    {%- for column in columns %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor -%}
{%- endmacro %}

{% macro _joined(columns, left, right) -%}
    {%- for column in columns %}{{ left }}.{{ column }} = {{ right }}.{{ column }}{{ ' and ' if not loop.last }}{% endfor -%}
{%- endmacro %}
