{#- The post-hook of seeds: where the rows are others than before, what reads them is due. -#}
{% macro seed_loaded() -%}
    {%- if execute -%}
    {%- set entry = 'seed ' ~ model.name -%}
    {%- set version = _fingerprint(model.checksum.checksum) -%}
    {%- for subject in _subjects_reading(model.unique_id) -%}
        {{- _lock_subject(subject) -}}
        {%- set state = _state_table(subject) -%}
        {%- set stored = _stored_entries(state) -%}
        {%- if stored.get(entry) != version -%}
            {%- do _put_entries(model.name, state, {entry: version}, stored) -%}
            {%- do run_query(
                'update ' ~ state ~ " set counter = null where entry like 'consumed % from " ~ model.name ~ "'"
            ) -%}
            {%- for node in graph.nodes.values()
                if node.config.get('materialized') == 'view' and node.config.meta.get('subject') == subject
                and model.unique_id in node.depends_on.nodes and 'text ' ~ node.name in stored -%}
                {%- do _record_news(subject, node.name) -%}
            {%- endfor -%}
        {%- endif -%}
    {%- endfor -%}
    {%- endif -%}
{%- endmacro %}
