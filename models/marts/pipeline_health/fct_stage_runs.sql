-- One row per stage of one pipeline on one day: its newest attempt, as its log item says.
{{ config(
    unique_key=['log_key'],
    dist='log_key',
    sort=['run_on'],
    meta={'refresh': {
        'reads': {'stg_pipeline_logger__pipeline_logs': ['log_key', 'key_on']},
        'range': 'key_on',
        'hand_on': ['pipeline_id', 'key_on', 'run_on'],
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
        and {{ is_retained('key_on') }}
        and not is_deleted
        and not has_blocking_issue
),

-- Durations of items whose times are in order.
timed as (
    select
        pipeline_logs.*,
        case when completed_at >= started_at then datediff(second, started_at, completed_at) end
            as duration_seconds,
        case when started_at >= enqueued_at then datediff(second, enqueued_at, started_at) end
            as queue_wait_seconds
    from pipeline_logs
),

stage_runs as (
    select
        log_key,
        pipeline_id,
        cast(source || '#' || run_date as varchar(256)) as job_id,
        execution_arn,

        source,
        category,
        stage,
        normalised_status as status,
        {{ error_class('error_message') }} as error_class,
        error_message,
        writer,
        trigger_type,

        stage_order,
        attempt,
        records_processed,
        duration_seconds,
        queue_wait_seconds,

        is_terminal,
        is_failure,

        key_on,
        run_on,
        enqueued_at,
        started_at,
        completed_at
    from timed
)

select * from stage_runs
