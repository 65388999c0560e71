-- Removes what is old: facts below the horizon, change feeds that were read, or the ledger.
-- Example, one row with one JSON text as refresh_pipeline_health returns it:
--   call ops.retain_pipeline_health(cast('2026-03-31 02:00' as timestamp), 'feeds');
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': [
        'p_slot in timestamp', 'p_part in varchar(16)', 'p_result out varchar(65535)',
    ]}
) }}
{{ retain_subject('pipeline_health', ref('refresh_pipeline_health')) }}
