{% macro grant_roles(members) -%}
    {%- do _ensure_ops() %}
    {%- do _ensure_access() %}
    {%- for role, users in members.items() %}
        {%- for user in users %}
            {%- do run_query('grant role ' ~ role_name(role) ~ ' to ' ~ adapter.quote(user)) %}
            {%- do log(adapter.quote(user) ~ ' is now a member of ' ~ role_name(role), info=true) %}
        {%- endfor %}
    {%- endfor %}
{%- endmacro %}
