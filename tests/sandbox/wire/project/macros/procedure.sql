{% materialization procedure, adapter='redshift' %}
    {%- set target_relation = this.incorporate(type='table') -%}
    {% call statement('main') %}
        create or replace procedure {{ this.schema }}.{{ this.identifier }}(
            p_area decimal(12, 2), p_result out integer
        )
        as $$
        {{ sql }}
        $$ language plpgsql security definer
    {% endcall %}
    {% call statement('grant') %}
        grant usage on schema {{ this.schema }} to role wire_reader;
        grant execute on procedure {{ this.schema }}.{{ this.identifier }}(decimal(12, 2))
        to role wire_reader
    {% endcall %}
    {{ adapter.commit() }}
    {{ return({'relations': []}) }}
{% endmaterialization %}
