{% macro dynamodb_path(path) -%}
    "value"
    {%- for step in ([path] if path is string else path) -%}
        {%- if step is number -%}
            ."L"[{{ step }}]
        {%- else -%}
            {{ '."M"' if not loop.first and path is not string }}."{{ step }}"
        {%- endif -%}
    {%- endfor -%}
{%- endmacro %}
