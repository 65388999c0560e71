{#- Asks with the rights of whoever runs it: a superuser sees every session. -#}
{% macro explain_lock(subject) -%}
    {%- do _refuse_unknown_subject(subject) -%}
    {%- set held = run_query(
        'select locks.xid, locks.pid, locks.txn_owner, locks.txn_start, locks.lock_mode ' ~ _locks_of("'" ~ subject ~ "'") ~ ' and locks.granted order by 4 limit 1'
    ).rows -%}
    {%- set waiting = run_query('select count(*) ' ~ _locks_of("'" ~ subject ~ "'") ~ ' and not locks.granted').rows[0][0] -%}
    {%- if held | length == 0 -%}
        {%- do log('nobody whom ' ~ target.user ~ ' may see holds the lock of ' ~ subject ~ '; a superuser, or a user '
            ~ 'with `alter user .. syslog access unrestricted`, sees every session', info=true) -%}
    {%- else -%}
        {%- set running = run_query(
            "select query_text from sys_query_history where status = 'running' and transaction_id = " ~ held[0][0]
        ).rows -%}
        {%- set does = 'runs: ' ~ running[0][0] if running | length else 'runs nothing now, its transaction was left open' -%}
        {%- do log(
            'the lock of ' ~ subject ~ ' is held by ' ~ held[0][2] ~ ' (pid ' ~ held[0][1] ~ ', ' ~ held[0][4]
            ~ ') since ' ~ held[0][3] ~ ' UTC; ' ~ waiting ~ ' wait for it. That session ' ~ does
            ~ '. A refresh may be waited for. To end the session, as that user or a superuser: select pg_terminate_backend('
            ~ held[0][1] ~ '). What it had begun is undone, and the next slot makes it up', info=true) -%}
    {%- endif -%}
{%- endmacro %}
