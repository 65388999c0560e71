{#-
A table that its own procedure keeps up to date. Two transactions: the deploy (lock the subject, create or alter
the table, replace the procedure, commit), then the call. The table is never swapped: readers keep it.
-#}
{% materialization refreshable, adapter='redshift' %}
    {%- set facts = _model_facts(model) -%}
    {%- set existing = load_cached_relation(this) -%}
    {%- set target = this.incorporate(type='table').include(database=false) -%}
    {%- if invocation_args_dict.get('sample') -%}
        {%- do exceptions.raise_compiler_error(
            model.name ~ ': --sample alters the text of the model, and altered text never becomes a procedure'
        ) -%}
    {%- endif -%}
    {%- if not flags.EMPTY -%}{%- do _refuse_deferral() -%}{%- endif -%}
    {%- do _refuse_unfed(facts) -%}

    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ _lock_subject(facts.subject) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}

    {% set plan = _table_plan(target, existing) %}
    {#- The procedure stays as it is, so of the table only what it does not name may change. -#}
    {% if flags.EMPTY %}{% do plan.update({'renamed': {}, 'remade': {}, 'dropped': []}) %}{% endif %}
    {% if plan.remade %}{{ _fill_spares(facts, target, plan.remade) }}{% endif %}
    {% do _deploy_feed(facts) %}
    {% if plan.is_new %}{% do run_query(_table_ddl(target)) %}{% endif %}
    {% do get_assert_columns_equivalent(_contracted_sql(facts, sql)) %}
    {% set called = namespace(now=false) %}
    {% if not flags.EMPTY %}
        {% set called.now = _deploy_procedure(facts, target, sql, _is_reshaped(plan)) %}
    {% endif %}
    {% do apply_grants(target, config.get('grants'), should_revoke=true) %}
    {% do _alter_table(target, plan) %}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {#- Comments are many statements, and readers wait for an altered table until the commit. -#}
    {% if _is_reshaped(plan) %}{% do adapter.commit() %}{% endif %}
    {% do persist_docs(this.incorporate(type='table'), model) %}
    {% do adapter.commit() %}

    {% if called.now %}
        {{ _lock_subject(facts.subject) }}
        {% call statement('main', fetch_result=True) %}
call {{ _model_procedure(facts.name) }}(
    cast(null as bigint), 'incremental', cast(null as timestamp), cast(null as date), cast(null as date), 0, 0
)
        {% endcall %}
        {% set counts = load_result('main').data[0] %}
        {% do adapter.commit() %}
        {% do log(model.name ~ ': ' ~ counts[0] ~ ' rows removed, ' ~ counts[1] ~ ' written', info=false) %}
    {% else %}
        {% call statement('main') %}select 1 as left_untouched{% endcall %}
        {% do adapter.commit() %}
    {% endif %}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [this.incorporate(type='table')]}) }}
{% endmaterialization %}

{#- The model's SELECT with the engine's bookkeeping beside it: what the contract describes. -#}
{% macro _contracted_sql(facts, sql) -%}
select {{ _listed(facts.own, 'present') }}
    {%- if facts.is_staging %},
    cast(null as timestamp) as first_seen_at,
    cast(null as timestamp) as changed_at,
    cast(null as boolean) as is_deleted,
    cast(null as varchar(16)) as deleted_reason,
    cast(null as bigint) as refresh_id
    {%- endif %}
from (
{{ sql }}
) as present
{%- endmacro %}
