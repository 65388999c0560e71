{#- The body of procedures/explain_lock.sql. -#}
{% macro lock_explanation() -%}
declare
    v_xid bigint;
    v_pid integer;
    v_owner varchar(128);
    v_since timestamp;
    v_lock varchar(64);
    v_waiting bigint;
    v_statement varchar(4000);
begin
    select count(*) into v_waiting {{ _locks_of('p_subject') }} and not locks.granted;
    select
        locks.xid,
        locks.pid,
        locks.txn_owner,
        locks.txn_start,
        locks.lock_mode
    into v_xid, v_pid, v_owner, v_since, v_lock
    {{ _locks_of('p_subject') }} and locks.granted
    order by locks.txn_start
    limit 1;
    select max(history.query_text) into v_statement
    from sys_query_history as history
    where history.transaction_id = v_xid and history.status = 'running';
    p_result := '{"waiting": ' || cast(v_waiting as varchar(20));
    if v_pid is not null then
        p_result := p_result || ', "pid": ' || cast(v_pid as varchar(20))
            || ', "user": "' || v_owner
            || '", "since": "' || to_char(v_since, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            || '", "lock": "' || v_lock
            || '", "statement": "' || translate(
                coalesce(left(v_statement, 400), ''),
                '"' || chr(92) || chr(10) || chr(13) || chr(9), '''/   '
            ) || '"';
    end if;
    p_result := p_result || '}';
end;
{%- endmacro %}

{#- Any lock on the state table keeps a refresh waiting, a reader's too.
    https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TRANSACTIONS.html -#}
{% macro _locks_of(subject) -%}
    from svv_transactions as locks
    inner join pg_class as locked on locks.relation = locked.oid
    inner join pg_namespace as holding on locked.relnamespace = holding.oid
    where holding.nspname = '{{ ops_schema() }}' and locked.relname = 'state_' || {{ subject }}
{%- endmacro %}
