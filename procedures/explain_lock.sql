-- Who holds the lock of a subject, as far as the owner of this procedure may see: without SYSLOG
-- ACCESS UNRESTRICTED only its own sessions. Example, one row with one JSON text:
--   call ops.explain_lock('pipeline_health');
--   {"waiting": 1, "pid": 1073, "user": "deployer", "since": "2026-03-31T12:00:07Z", ..}
{{ config(
    materialized='procedure',
    schema='ops',
    meta={'arguments': ['p_subject in varchar(64)', 'p_result out varchar(65535)']}
) }}
{{ lock_explanation() }}
