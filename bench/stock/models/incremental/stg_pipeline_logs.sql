-- One row per item of pipeline-logs, with the bookkeeping that the borrowed models read.
{{ config(unique_key='log_key', dist='log_key', sort=['run_on'], alias='stg_pipeline_logs') }}

select
    typed.*,
    getdate() as first_seen_at,
    getdate() as changed_at,
    false as is_deleted,
    cast(null as varchar(16)) as deleted_reason,
    cast(0 as bigint) as refresh_id
from {{ ref('typed_pipeline_logs') }} as typed
