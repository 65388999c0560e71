{#-
Opens a transaction whose first statement is the lock of the subject: what follows sees everything that was
committed before. https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation.html
-#}
{% macro _lock_subject(subject) -%}
    {%- call statement('lock') -%}
        lock table {{ _state_table(subject) }}
    {%- endcall -%}
{%- endmacro %}
