{% macro _ensure_access() -%}
    {#- Roles and the schemas they may enter. Nobody but the deployer may use staging. -#}
    {%- for role in ['refresher'] + _readers() %}
        {%- set known = run_query(
            "select role_name from svv_roles where role_name = '" ~ role_name(role) ~ "'"
        ) %}
        {%- if known.rows | length == 0 %}
            {%- do run_query('create role ' ~ role_name(role)) %}
        {%- endif %}
    {%- endfor %}
    {#- Who may read security marts may read all others as well. -#}
    {%- do run_query(
        'grant role ' ~ role_name('bi_reader') ~ ' to role ' ~ role_name('security_reader')
    ) %}
    {%- do run_query(
        'grant usage on schema ' ~ ops_schema() ~ ' to role ' ~ role_name('refresher')
    ) %}
    {%- set marts = generate_schema_name('marts', none) %}
    {%- do run_query('create schema if not exists ' ~ marts) %}
    {%- do run_query('grant usage on schema ' ~ marts ~ ' to role ' ~ role_name('bi_reader')) %}
{%- endmacro %}

{% macro _readers() -%}
    {{ return(['bi_reader', 'security_reader']) }}
{%- endmacro %}
