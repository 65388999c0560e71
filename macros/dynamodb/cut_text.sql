{% macro cut_text(text, bytes) -%}
    {#- A character has at most four bytes, and varchar(n) counts bytes. -#}
    cast(
        case when octet_length({{ text }}) <= {{ bytes }} then {{ text }} else left({{ text }}, {{ bytes // 4 }}) end
        as varchar({{ bytes }})
    )
{%- endmacro %}
