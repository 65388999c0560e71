{% macro scrub(text) -%}
    {#- The order matters: whole keys and addresses first, then named values, then what only looks like a secret. -#}
    {%- set names = 'passw(or)?d|passphrase|pwd|secret|token|api[_-]?key|(access|account|private|shared|signing|encryption)[_-]?(access[_-]?)?key|credentials?|authorization|signature|cookie' -%}
    {%- set patterns = [
        ('-----BEGIN[^-]*-----[^-]*(-----END[^-]*-----)?', '***'),
        ('[a-z][a-z0-9+.-]*://[^ /@]*(:[^ ]+)?@', '***@'),
        ('(' ~ names ~ ')[a-z0-9_-]*["'']*[ ]*[:=]+[ ]*((bearer|basic)[ ]+)?("[^"]*"|''[^'']*''|[^ ,;&"'']+)', '***'),
        ('(bearer|basic)[ ]+[a-z0-9._~+/=-]{8,}', '***'),
        ('eyj[a-z0-9_-]+[.][a-z0-9_-]+([.][a-z0-9_-]*)?', '***'),
        ('(a3t[a-z0-9]|akia|asia|abia|acca|aroa|aida)[a-z0-9]{16}', '***'),
        ('(gh[opsur]|github_pat|glpat|xox[abeoprs]|[spr]k_live|[spr]k_test)[_-][a-z0-9_-]{10,}', '***'),
        ('[a-z0-9+]{32,}=*', '***'),
        ('(^|[^a-z0-9/+])[a-z0-9/+]{40}([^a-z0-9/+]|$)', ' *** '),
    ] -%}
    {%- set cleaned = namespace(text=text) -%}
    {%- for pattern, replacement in patterns -%}
        {%- set cleaned.text = "regexp_replace(" ~ cleaned.text ~ ", '" ~ pattern ~ "', '" ~ replacement ~ "', 1, 'i')" -%}
    {%- endfor -%}
    {{ cleaned.text }}
{%- endmacro %}
