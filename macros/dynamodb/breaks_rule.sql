{% macro breaks_rule(contract_issues, rule) -%}
    position(',' || {{ rule }} || ',' in ',' || {{ contract_issues }} || ',') > 0
{%- endmacro %}
