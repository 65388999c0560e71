{% macro grant_to_readers() -%}
    grant select on {{ this.include(database=false) }} to role {{ role_name('bi_reader') }}
{%- endmacro %}
