{#- Raised by every change after which a deployed procedure and its state no longer fit together. -#}
{% macro engine_version() -%}
    {{ return(3) }}
{%- endmacro %}
