{#-
SYSDATE (begin of the transaction) and GETDATE (of the statement) show the clock of the session's time zone, which is
its caller's: https://docs.aws.amazon.com/redshift/latest/dg/r_SYSDATE.html
-#}
{% macro utc_now(clock='getdate()') -%}
    timezone('UTC', cast({{ clock }} as timestamptz))
{%- endmacro %}
