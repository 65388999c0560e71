{% macro has_blocking_issue(rules) -%}
    (
        {%- for rule in rules %}
        {{ 'or ' if not loop.first }}position(',{{ rule }},' in ',' || contract_issues || ',') > 0 and blocking_rules.{{ rule }}
        {%- endfor %}
    )
{%- endmacro %}
