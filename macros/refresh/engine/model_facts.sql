{#- What the engine knows of a refreshable model, read once from its config and contract. -#}
{% macro _model_facts(node) -%}
    {%- if not (node.config.meta.get('subject') and node.config.unique_key and node.config.sort) -%}
        {%- do exceptions.raise_compiler_error(
            node.name ~ ': a refreshable model needs unique_key and sort in its config, and meta.subject') -%}
    {%- endif -%}
    {%- set refresh = node.config.meta.get('refresh', {}) -%}
    {%- set is_staging = 'detect' in refresh -%}
    {%- set bookkeeping = ['first_seen_at', 'changed_at', 'is_deleted', 'deleted_reason', 'refresh_id'] -%}
    {%- set columns = node.columns.values() | map(attribute='name') | list -%}
    {%- set own = columns | reject('in', bookkeeping) | list if is_staging else columns -%}
    {%- set reads = refresh.get('reads', {}) -%}
    {%- set seeds = [] -%}
    {%- set tables = [] -%}
    {%- for upstream in reads -%}
        {%- do (seeds if _node_named(upstream).resource_type == 'seed' else tables).append(upstream) -%}
    {%- endfor -%}
    {%- set unique_key = node.config.unique_key -%}
    {%- set affected = _affected_columns(reads) -%}
    {%- set range = refresh.get('range') -%}
    {%- set range_of = none -%}
    {%- if range is mapping -%}
        {%- set range, range_of = range.items() | first -%}
    {%- endif -%}
    {%- set sort = node.config.sort -%}
    {%- set sort = [sort] if sort is string else sort -%}
    {{ return({
        'name': node.name,
        'subject': node.config.meta.subject,
        'is_staging': is_staging,
        'is_append_only': refresh.get('append_only', false),
        'unique_key': [unique_key] if unique_key is string else unique_key,
        'own': own,
        'bookkeeping': bookkeeping if is_staging else [],
        'hand_on': refresh.get('hand_on', []),
        'detect': _detection(refresh.detect) if is_staging else {},
        'expires_at': refresh.get('expires_at'),
        'reads': reads,
        'tables': tables,
        'seeds': seeds,
        'affected': affected,
        'range': range,
        'range_of': range_of,
        'range_type': node.columns[range].data_type if range else none,
        'bounded_by': sort[0],
        'bound_type': node.columns[sort[0]].data_type,
    }) }}
{%- endmacro %}

{#- How the changes of the staging model's table are found, from its source yml and the model's config. -#}
{% macro _detection(detect) -%}
    {%- set facts = _source_facts(detect.table) -%}
    {{ return({
        'table': detect.table,
        'mode': _change_detection(detect.table),
        'event_time': facts.get('event_time'),
        'event_at': detect.get('event_at'),
        'lookback_days': var('lookback_days', {}).get(detect.table, facts.get('lookback_days', 3)),
    }) }}
{%- endmacro %}

{#- A number for a text: the first 15 hexadecimal digits of its MD5, which fit a bigint. -#}
{% macro _fingerprint(text) -%}
    {{ return(local_md5(text)[:15] | int(base=16)) }}
{%- endmacro %}

{% macro _seed_fingerprint(name) -%}
    {{ return(_fingerprint(_node_named(name).checksum.checksum)) }}
{%- endmacro %}
