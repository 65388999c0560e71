{% macro environment_prefix() -%}
    {{ return('' if environment() == 'prod' else environment() ~ '_') }}
{%- endmacro %}
