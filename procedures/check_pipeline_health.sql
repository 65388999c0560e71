-- Tells whether the datasets of pipeline_health may be loaded, and how many rows each must show.
-- Example:
--   call ops.check_pipeline_health();
--   {"failures": [], "counts": {"pipeline_health": 412, "pipeline_live": 9}}
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': ['p_result out varchar(65535)']}
) }}
{{ check_subject('pipeline_health', [ref('pipeline_health'), ref('pipeline_live')]) }}
