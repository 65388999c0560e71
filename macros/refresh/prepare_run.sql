{#- Called by the on-run-start hook: refuses a session that would read nulls, then makes what every run needs. -#}
{% macro prepare_run() -%}
    {%- if execute and flags.WHICH in ['run', 'build', 'seed'] -%}
        {%- if run_query(case_sensitivity_query()).rows[0][0] is none -%}
            {%- do exceptions.raise_compiler_error(
                'enable_case_sensitive_identifier is off for this session, so every attribute of the telemetry '
                ~ 'would silently be null; nothing was changed. Set it to true for the workgroup, or: alter user "'
                ~ target.user ~ '" set enable_case_sensitive_identifier to true'
            ) -%}
        {%- endif -%}
        {%- do _ensure_ops() -%}
        {%- do _ensure_access() -%}
    {%- endif -%}
{%- endmacro %}
