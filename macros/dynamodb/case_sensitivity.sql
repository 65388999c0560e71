{#-
Null in a session that folds quoted names, where every upper-case attribute would silently be null too.
https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
-#}
{% macro case_sensitivity_query(into='') -%}
select cast(probe.item."Aa" as varchar(8)){{ ' into ' ~ into if into }}
from (select json_parse('{"Aa": "kept"}') as item) as probe
{%- endmacro %}
