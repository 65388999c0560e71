-- The newest entries of the ledger of one subject, newest first, as one JSON text of at most 100.
-- Example:
--   call ops.read_runs('pipeline_health', 2);
--   [{"step": "refresh", "outcome": "done", "mode": "incremental", "refresh_id": 7, ..}, ..]
-- A detail is cut to 240 bytes; double quotes, backslashes and line ends in it are replaced.
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': [
        'p_subject in varchar(64)', 'p_count in integer', 'p_result out varchar(65535)',
    ]}
) }}
begin
    select
        '['
        || coalesce(listagg(newest.entry, ', ') within group (order by newest.place), '')
        || ']'
    into p_result
    from (
        select
            row_number() over (order by run.started_at desc, run.finished_at desc) as place,
            '{"step": "' || run.step
            || '", "outcome": "' || run.outcome
            || '", "mode": "' || run.mode
            || '", "name": "' || coalesce(run.name, '')
            || '", "detail": "' || translate(
                coalesce({{ cut_text('run.detail', 240) }}, ''),
                '"' || chr(92) || chr(10) || chr(13) || chr(9), '''/   '
            ) || '", "slot": "' || coalesce(to_char(run.slot_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"'), '')
            || '", "refresh_id": ' || coalesce(cast(run.refresh_id as varchar(20)), 'null')
            || ', "rows_removed": ' || coalesce(cast(run.rows_removed as varchar(20)), 'null')
            || ', "rows_written": ' || coalesce(cast(run.rows_written as varchar(20)), 'null')
            || ', "started_at": "' || to_char(run.started_at, 'YYYY-MM-DD"T"HH24:MI:SS"Z"')
            || '"}' as entry
        from {{ runs_table() }} as run
        where run.subject = p_subject
    ) as newest
    where newest.place <= least(p_count, 100);
end;
