{#- A regular expression that every value of the column keeps. Fails with the rows that do not. -#}
{% test matches(model, column_name, pattern) %}
select {{ column_name }}
from {{ model }}
where {{ column_name }} !~ '{{ pattern }}'
{% endtest %}
