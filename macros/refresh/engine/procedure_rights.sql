{#-
A procedure has its owner's rights and no search path of its caller: a table or function that a caller planted in a
schema of theirs is never found, whatever name it has. The session's temporary tables are always found first.
https://docs.aws.amazon.com/redshift/latest/dg/stored-procedure-security-and-privileges.html
https://docs.aws.amazon.com/redshift/latest/dg/r_search_path.html
-#}
{% macro _procedure_rights() -%}
language plpgsql security definer set search_path to pg_catalog
{%- endmacro %}
