{#- The CTE of affected_keys() is called `affected`; inside the model's procedure two variables stand for it. A unit
    test has no config of the model, so it reads every row that it was given. -#}
{% macro in_affected_range(column) -%}
    {%- set range = model.config.get('meta', {}).get('refresh', {}).get('range') -%}
    {{ column ~ _range_of_affected(range) if range else 'true' }}
{%- endmacro %}

{% macro _range_of_affected(range) -%}
{{ ' ' }}between (select min(affected.{{ range }}) from affected) and (select max(affected.{{ range }}) from affected)
{%- endmacro %}
