{#- The columns together name a row; nulls count as equal. Fails with combinations that repeat. -#}
{% test unique_combination(model, columns) %}
select
    {{ columns | join(', ') }},
    count(*) as how_often
from {{ model }}
group by {{ columns | join(', ') }}
having count(*) > 1
{% endtest %}
