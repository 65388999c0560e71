-- One row per version of an item of pipeline-logs that a refresh saw.
-- A version that was overwritten stays.
{{ config(
    unique_key=['log_key', 'refresh_id'],
    dist='log_key',
    sort=['key_on'],
    meta={'refresh': {
        'append_only': true,
        'reads': {'stg_pipeline_logger__pipeline_logs': ['log_key', 'key_on']},
        'range': 'key_on',
        'hand_on': ['key_on'],
    }}
) }}

with

affected as (
    {{ affected_keys() }}
),

pipeline_logs as (
    select * from {{ ref('stg_pipeline_logger__pipeline_logs') }}
    where
        log_key in (select affected.log_key from affected)
        and {{ in_affected_range('key_on') }}
),

observed as (
    select
        log_key,
        refresh_id,
        pipeline_id,

        source,
        category,
        stage,
        normalised_status,
        error_message,
        contract_issues,
        item_hash,

        stage_order,
        attempt,
        records_processed,

        is_failure,
        has_blocking_issue,
        is_deleted,

        key_on,
        run_on,
        started_at,
        completed_at,
        changed_at as observed_at
    from pipeline_logs
)

select * from observed
