{#- A condition that every row keeps, such as an accounting identity; null is a failure too. -#}
{% test holds(model, condition) %}
select *
from {{ model }}
where not coalesce({{ condition }}, false)
{% endtest %}
