{#- Names of what the engine keeps in the ops schema. -#}

{% macro ops_schema() -%}
    {{ return(generate_schema_name('ops', none)) }}
{%- endmacro %}

{% macro state_table(subject) -%}
    {{ return(ops_schema() ~ '.state_' ~ subject) }}
{%- endmacro %}

{% macro runs_table() -%}
    {{ return(ops_schema() ~ '.runs') }}
{%- endmacro %}

{% macro change_feed(model_name) -%}
    {{ return(ops_schema() ~ '.' ~ model_name ~ '__changes') }}
{%- endmacro %}

{% macro model_procedure(model_name) -%}
    {{ return(ops_schema() ~ '.' ~ model_name ~ '__refresh') }}
{%- endmacro %}

{% macro consumed_entry(model_name, upstream) -%}
    {{ return('consumed ' ~ model_name ~ ' from ' ~ upstream) }}
{%- endmacro %}
