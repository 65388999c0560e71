{% macro scrub(text) -%}
    {#- The order matters: whole keys and addresses first, then named values, then what only looks like a secret.
        A name of an error may be long, but has no digit in its middle. -#}
    {%- set names = 'passw(or)?d|passphrase|pwd|secret|token|api[_-]?key|(access|account|private|shared|signing|encryption)[_-]?(access[_-]?)?key|credentials?|authorization|signature|cookie' -%}
    {%- set patterns = [
        ('-----BEGIN[^-]*-----[^-]*(-----END[^-]*-----)?', '***', 'c'),
        ('[a-z][a-z0-9+.-]*://[^ /@]*(:[^ ]+)?@', '***@', 'i'),
        ('(' ~ names ~ ')[a-z0-9_-]*["'']*[ ]*[:=]+[ ]*((bearer|basic)[ ]+)?("[^"]*"|''[^'']*''|[^ ,;&"'']+)', '***', 'i'),
        ('(bearer|basic)[ ]+[a-z0-9._~+/=-]{8,}', '***', 'i'),
        ('eyJ[A-Za-z0-9_-]+[.][A-Za-z0-9_-]+([.][A-Za-z0-9_-]*)?', '***', 'c'),
        ('(A3T[A-Z0-9]|AKIA|ASIA|ABIA|ACCA|AROA|AIDA)[A-Z0-9]{16}', '***', 'c'),
        ('(gh[opsur]|github_pat|glpat|xox[abeoprs]|[spr]k_live|[spr]k_test)[_-][a-z0-9_-]{10,}', '***', 'i'),
        ('[a-z0-9+]{8,}[0-9][a-z0-9+]{8,}=*', '***', 'i'),
        ('(^|[^a-z0-9/+])[a-z0-9/+]{40}([^a-z0-9/+]|$)', ' *** ', 'i'),
    ] -%}
    {%- set cleaned = namespace(text=text) -%}
    {%- for pattern, replacement, letters in patterns -%}
        {%- set cleaned.text = "regexp_replace(" ~ cleaned.text ~ ", '" ~ pattern ~ "', '" ~ replacement ~ "', 1, '" ~ letters ~ "')" -%}
    {%- endfor -%}
    {{ cleaned.text }}
{%- endmacro %}
