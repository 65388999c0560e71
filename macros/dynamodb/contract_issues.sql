{% macro contract_issues(rules) -%}
    cast(
        nullif(substring(
            {%- for rule, is_broken in rules.items() %}
            {{ '|| ' if not loop.first }}case when {{ is_broken }} then ',{{ rule }}' else '' end
            {%- endfor %},
            2
        ), '')
        as varchar(1000)
    )
{%- endmacro %}
