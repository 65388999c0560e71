-- Reads the items of a range of event dates again and recomputes what the marts hold of these days.
-- Example, one row with one JSON text as refresh_pipeline_health returns it:
--   call ops.reprocess_pipeline_health('2026-03-31 12:00', '2026-03-01', '2026-03-07');
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': [
        'p_slot in timestamp', 'p_from in date', 'p_to in date', 'p_result out varchar(65535)',
    ]}
) }}
{{ reprocess_subject('pipeline_health', ref('refresh_pipeline_health')) }}
