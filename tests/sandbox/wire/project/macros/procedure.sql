{% materialization procedure, adapter='redshift' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% call statement('main') %}
        create or replace procedure {{ this.schema }}.{{ this.identifier }}(
            p_area decimal(12, 2), p_result inout integer
        )
        as $$
        {{ sql }}
        $$ language plpgsql security definer
    {% endcall %}
    {% call statement('grant') %}
        grant execute on procedure {{ this.schema }}.{{ this.identifier }}(decimal(12, 2), integer)
        to role wire_reader
    {% endcall %}
    {{ adapter.commit() }}
    {{ return({'relations': []}) }}
{% endmaterialization %}
