{#- Names of what the engine keeps in the ops schema. -#}

{% macro _state_table(subject) -%}
    {{ return(ops_schema() ~ '.state_' ~ subject) }}
{%- endmacro %}

{% macro _change_feed(model_name) -%}
    {{ return(ops_schema() ~ '.' ~ model_name ~ '__changes') }}
{%- endmacro %}

{% macro _model_procedure(model_name) -%}
    {{ return(ops_schema() ~ '.' ~ model_name ~ '__refresh') }}
{%- endmacro %}

{% macro _consumed_entry(model_name, upstream) -%}
    {{ return('consumed ' ~ model_name ~ ' from ' ~ upstream) }}
{%- endmacro %}
