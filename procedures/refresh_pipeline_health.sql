-- Refreshes every table of pipeline_health in one transaction. Example, one row with one JSON text:
--   call ops.refresh_pipeline_health(cast('2026-03-31 12:00' as timestamp), 'incremental');
--   {"outcome": "done", .., "refresh_id": 7, "changed_refresh_id": 7, "models": {..}}
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': [
        'p_slot in timestamp', 'p_mode in varchar(16)', 'p_result out varchar(65535)',
    ]}
) }}
{{ refresh_subject('pipeline_health', [
    ref('stg_pipeline_logger__pipeline_logs'),
    ref('stg_pipeline_logger__pipeline_log_versions'),
    ref('stg_pipeline_logger__failed_jobs'),
    ref('fct_stage_runs'),
    ref('fct_pipeline_runs'),
    ref('fct_pipeline_failures'),
    ref('agg_run_days'),
    ref('dim_run_days'),
    ref('agg_pipeline_daily'),
]) }}
