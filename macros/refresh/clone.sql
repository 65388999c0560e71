{#-
`dbt clone` makes views of another environment's tables, and with --full-refresh puts them in the place of ours: tables
that no procedure could refresh. So it is refused for every node.
-#}
{% materialization clone, adapter='redshift' %}
    {%- do exceptions.raise_compiler_error(
        model.name ~ ': dbt clone would make a view of ' ~ (defer_relation or 'the other environment')
        ~ ', which no procedure can refresh; nothing was changed. Build this environment with dbt build'
    ) -%}
{% endmaterialization %}
