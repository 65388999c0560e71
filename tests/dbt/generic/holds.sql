{#- A condition that every row keeps, such as an accounting identity. Fails with the rows where it is false or null. -#}
{% test holds(model, condition) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
