{#- A node whose SQL is the body of a stored procedure; its arguments stand in config.meta.arguments. -#}
{% materialization procedure, adapter='redshift' %}
    {%- set target = this.incorporate(type='table').include(database=false) -%}
    {%- set arguments = config.get('meta', {}).get('arguments', []) -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {% if flags.EMPTY or invocation_args_dict.get('sample') %}
        {% call statement('main') %}select 1 as left_untouched{% endcall %}
    {% else %}
        {%- do _refuse_deferral() -%}
        {% call statement('main') %}
create or replace procedure {{ target }} ({{ arguments | join(', ') }}) as $body$
{{ sql }}
$body$ {{ _procedure_rights() }}
        {% endcall %}
        {%- set signature = target ~ '(' ~ _input_types(arguments) ~ ')' -%}
        {% do run_query('revoke execute on procedure ' ~ signature ~ ' from public') %}
        {% do run_query('grant execute on procedure ' ~ signature ~ ' to role ' ~ role_name('refresher')) %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {% do adapter.commit() %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': []}) }}
{% endmaterialization %}

{#- GRANT names a procedure by the types of its input arguments, without lengths. -#}
{% macro _input_types(arguments) -%}
    {%- set types = [] -%}
    {%- for argument in arguments -%}
        {%- set words = argument.split(' ') -%}
        {%- if words[1] != 'out' -%}{%- do types.append((words[2:] | join(' ')).split('(')[0]) -%}{%- endif -%}
    {%- endfor -%}
    {{ return(types | join(', ')) }}
{%- endmacro %}
