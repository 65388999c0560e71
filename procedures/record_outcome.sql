-- Adds to the ledger what the caller of a refresh saw: a refresh that failed, an ingestion that
-- ended. The same outcome of the same thing is recorded once. Example, one row with no result:
--   call ops.record_outcome('pipeline_health', 'incremental', '2026-03-31 12:00', 'ingestion',
--                           'pipeline_health-r7', 'COMPLETED', '412 rows');
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': [
        'p_subject in varchar(64)',
        'p_mode in varchar(16)',
        'p_slot in timestamp',
        'p_step in varchar(16)',
        'p_name in varchar(256)',
        'p_outcome in varchar(32)',
        'p_detail in varchar(1000)',
    ]}
) }}
begin
    lock table {{ runs_table() }}_lock;
    insert into {{ runs_table() }} (
        environment, subject, mode, step, name, outcome, detail, slot_at, started_at, finished_at
    )
    select
        '{{ environment() }}', p_subject, p_mode, p_step, p_name, p_outcome, p_detail, p_slot,
        {{ utc_now('sysdate') }}, {{ utc_now('sysdate') }}
    where not exists (
        select 1
        from {{ runs_table() }} as run
        where run.step = p_step and run.name = p_name and run.outcome = p_outcome
    );
end;
