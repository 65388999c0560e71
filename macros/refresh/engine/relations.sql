{#- Names of what the engine keeps in the ops schema; and whose a name is. -#}

{#- The model or seed of that name. -#}
{% macro _node_named(name) -%}
    {%- for node in graph.nodes.values() if node.resource_type in ['model', 'seed'] and node.name == name -%}
        {{ return(node) }}
    {%- endfor -%}
    {%- do exceptions.raise_compiler_error(model.name ~ ': there is no model or seed ' ~ name) -%}
{%- endmacro %}

{% macro _state_table(subject) -%}
    {{ return(ops_schema() ~ '.state_' ~ subject) }}
{%- endmacro %}

{#- Whoever reads the ledger and then writes to it takes this lock first, so that readers of the ledger never wait. -#}
{% macro _runs_lock() -%}
    {{ return(runs_table() ~ '_lock') }}
{%- endmacro %}

{% macro _change_feed(model_name) -%}
    {{ return(ops_schema() ~ '.' ~ model_name ~ '__changes') }}
{%- endmacro %}

{% macro _model_procedure(model_name) -%}
    {{ return(ops_schema() ~ '.' ~ model_name ~ '__refresh') }}
{%- endmacro %}

{% macro _model_signature(model_name) -%}
    {{ return(_model_procedure(model_name) ~ '(bigint, varchar, timestamp, date, date, bigint, bigint)') }}
{%- endmacro %}

{% macro _consumed_entry(model_name, upstream) -%}
    {{ return('consumed ' ~ model_name ~ ' from ' ~ upstream) }}
{%- endmacro %}

{#- The newest event time that a staging model holds. -#}
{% macro _newest_entry(model_name) -%}
    {{ return('newest ' ~ model_name) }}
{%- endmacro %}

{#- When the newest transaction began that read the replica of a staging model. -#}
{% macro _looked_entry(model_name) -%}
    {{ return('looked ' ~ model_name) }}
{%- endmacro %}

{#- Until when a staging model has read the states of a replica in history mode. -#}
{% macro _recorded_entry(model_name) -%}
    {{ return('recorded ' ~ model_name) }}
{%- endmacro %}

{#- The newest moment in the replica when a staging model last looked at every item as it was then. -#}
{% macro _whole_entry(model_name) -%}
    {{ return('whole ' ~ model_name) }}
{%- endmacro %}
