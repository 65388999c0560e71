{#-
Changes of columns, in place: readers keep the table. What takes long (_fill_spares) is done in transactions that
lock no reader out; what locks readers out (_alter_table) is catalog work at the end of the deploy.
-#}

{#-
A column whose type changes, or that must no longer be NOT NULL, is made beside the old one: Redshift alters types in
no transaction. The new one is filled, and that is committed, before the old one goes: whoever waits for the change
with an older snapshot then reads full columns. Comes back under the subject's lock with nothing left to fill.
https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_TABLE.html
-#}
{% macro _fill_spares(facts, target, remade) -%}
    {%- do _require_statements(_bound_views(target, remade | list)) -%}
    {%- set stored = _stored_columns(this) -%}
    {%- for name, types in remade.items() -%}
        {%- set spare = name ~ '__spare' -%}
        {%- if spare in stored and stored[spare].type != _catalog_type(types.to) -%}
            {%- do run_query('alter table ' ~ target ~ ' drop column ' ~ spare) -%}
            {%- do stored.pop(spare) -%}
        {%- endif -%}
        {%- if spare not in stored -%}
            {%- do run_query('alter table ' ~ target ~ ' add column ' ~ spare ~ ' ' ~ types.to) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- do adapter.commit() -%}
    {{- _lock_subject(facts.subject) -}}
    {#- A refresh may slip in between commit and lock, and what it wrote has to be filled too. -#}
    {%- set filled = namespace(is=false) -%}
    {%- for _ in range(20) if not filled.is -%}
        {%- if run_query('select count(*) from ' ~ target ~ ' where ' ~ _unfilled(remade)).rows[0][0] == 0 -%}
            {%- set filled.is = true -%}
        {%- else -%}
            {%- do run_query(_fill_sql(target, remade)) -%}
            {%- do adapter.commit() -%}
            {{- _lock_subject(facts.subject) -}}
        {%- endif -%}
    {%- endfor -%}
    {%- if not filled.is -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': refreshes went on writing while ' ~ remade | join(', ') ~ ' was filled in its new type; '
            ~ 'nothing was dropped. Pause ' ~ facts.subject ~ ', then dbt run again'
        ) -%}
    {%- endif -%}
{%- endmacro %}

{% macro _fill_sql(target, remade) -%}
    update {{ target }}
    set {% for name, types in remade.items() -%}
        {{ name }}__spare = {{ _converted(name, types) }}{{ ', ' if not loop.last }}
    {%- endfor %}
    where {{ _unfilled(remade) }}
{%- endmacro %}

{% macro _unfilled(remade) -%}
    {%- for name, types in remade.items() -%}
        nvl({{ name }}__spare <> {{ _converted(name, types) }},
            ({{ name }}__spare is null) <> ({{ _converted(name, types) }} is null))
        {{- ' or ' if not loop.last }}
    {%- endfor -%}
{%- endmacro %}

{#- A value in its new type: text that is too long is cut, what does not convert becomes null. -#}
{% macro _converted(name, types) -%}
    {%- set wanted = _catalog_type(types.to) -%}
    {%- if types.from == wanted -%}{{ return(name) }}{%- endif -%}
    {%- if types.from == 'boolean' -%}
        {%- set text = "case when " ~ name ~ " then 'true' when not " ~ name ~ " then 'false' end" -%}
    {%- elif types.from.startswith('character varying') -%}
        {%- set text = name -%}
    {%- else -%}
        {%- set text = 'cast(' ~ name ~ ' as varchar(65535))' -%}
    {%- endif -%}
    {%- if wanted.startswith('character varying(') -%}
        {{ return(cut_text(text, wanted[18:-1] | int)) }}
    {%- endif -%}
    {%- if wanted == 'boolean' -%}
        {#- No text can be TRY_CAST to it: https://docs.aws.amazon.com/redshift/latest/dg/r_TRY_CAST.html -#}
        {%- set said = 'lower(trim(' ~ text ~ '))' -%}
        {{ return('case when ' ~ said ~ " in ('t', 'true', 'y', 'yes', '1') then true when " ~ said
            ~ " in ('f', 'false', 'n', 'no', '0') then false end") }}
    {%- endif -%}
    {{ return('try_cast(nullif(trim(' ~ text ~ "), '') as " ~ types.to ~ ')') }}
{%- endmacro %}

{#- The changes that lock readers out until the deploy is committed; views first, as readers come through them. -#}
{% macro _alter_table(target, plan) -%}
    {%- set dropped = _drop_views(_bound_views(target, plan.remade | list)) -%}
    {%- for column in plan.added -%}
        {%- do run_query('alter table ' ~ target ~ ' add column ' ~ column.name ~ ' ' ~ column.data_type) -%}
    {%- endfor -%}
    {%- for name in plan.remade -%}
        {%- do run_query('alter table ' ~ target ~ ' drop column ' ~ name) -%}
        {%- do run_query('alter table ' ~ target ~ ' rename column ' ~ name ~ '__spare to ' ~ name) -%}
    {%- endfor -%}
    {%- for name in plan.dropped -%}
        {%- do run_query('alter table ' ~ target ~ ' drop column ' ~ name) -%}
    {%- endfor -%}
    {%- do _create_views(dropped) -%}
    {#- Last, because the kept statements of views have the former names; views follow a renamed column. -#}
    {%- for former, name in plan.renamed.items() -%}
        {%- do run_query('alter table ' ~ target ~ ' rename column ' ~ former ~ ' to ' ~ name) -%}
    {%- endfor -%}
{%- endmacro %}
