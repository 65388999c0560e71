{% macro blocking_rules(rules) -%}
    {%- for rule in rules %}
    bool_or(rule = '{{ rule }}' and is_blocking) as {{ rule }}{{ ',' if not loop.last }}
    {%- endfor %}
{%- endmacro %}
