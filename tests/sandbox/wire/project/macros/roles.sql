{% macro make_roles() %}
    {% do run_query('create role wire_reader') %}
    {% do run_query('grant role wire_reader to quick') %}
{% endmacro %}
