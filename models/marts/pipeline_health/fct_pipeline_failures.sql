-- One row per failed attempt of one stage of one pipeline on one day.
-- A failure is known from failed-jobs, from an observed FAILED version of the log item, or both.
{{ config(
    unique_key=['log_key', 'attempt'],
    dist='log_key',
    sort=['run_on'],
    meta={'refresh': {
        'reads': {
            'stg_pipeline_logger__failed_jobs': ['log_key', 'key_on'],
            'stg_pipeline_logger__pipeline_log_versions': ['log_key', 'key_on'],
            'fct_stage_runs': ['log_key', 'key_on'],
        },
        'range': 'key_on',
        'hand_on': ['pipeline_id', 'run_on'],
    }}
) }}

with

affected as (
    {{ affected_keys() }}
),

stage_runs as (
    select * from {{ ref('fct_stage_runs') }}
    where
        log_key in (select affected.log_key from affected)
        and {{ in_affected_range('key_on') }}
),

-- A failed job that expired by its time to live did fail; one that was deleted did not.
failed_jobs as (
    select * from {{ ref('stg_pipeline_logger__failed_jobs') }}
    where
        log_key in (select affected.log_key from affected)
        and {{ in_affected_range('key_on') }}
        and not has_blocking_issue
        and (not is_deleted or deleted_reason = 'ttl')
),

-- Failures that a later write replaced, of log items that are still valid.
failed_versions as (
    select versions.*
    from {{ ref('stg_pipeline_logger__pipeline_log_versions') }} as versions
    inner join stage_runs on versions.log_key = stage_runs.log_key
    where
        versions.log_key in (select affected.log_key from affected)
        and {{ in_affected_range('versions.key_on') }}
        and versions.is_failure
        and not versions.is_deleted
        and not versions.has_blocking_issue
),

-- The newest report of each failed attempt has place 1.
reports as (
    select
        failed_jobs.*,
        row_number() over (
            partition by log_key, attempt_count
            order by failure_at desc, failed_at desc, job_key desc
        ) as place
    from failed_jobs
),

reported as (
    select * from reports
    where place = 1
),

-- The newest observed version of each failed attempt has place 1; an item that names no attempt
-- is the first.
observations as (
    select
        failed_versions.*,
        coalesce(attempt, 1) as failed_attempt,
        min(observed_at) over (partition by log_key, coalesce(attempt, 1)) as first_observed_at,
        row_number() over (
            partition by log_key, coalesce(attempt, 1) order by refresh_id desc
        ) as place
    from failed_versions
),

observed as (
    select * from observations
    where place = 1
),

evidence as (
    select
        log_key,
        attempt_count as attempt
    from reported
    union all
    select
        log_key,
        failed_attempt as attempt
    from observed
),

attempts as (
    select distinct
        log_key,
        attempt
    from evidence
),

failures as (
    select
        attempts.log_key,
        attempts.attempt,
        coalesce(reported.pipeline_id, observed.pipeline_id) as pipeline_id,
        coalesce(reported.source, observed.source) as source,
        coalesce(reported.category, observed.category) as category,
        coalesce(reported.stage, observed.stage) as stage,
        coalesce(observed.key_on, reported.key_on) as key_on,
        coalesce(observed.run_on, reported.run_on) as run_on,
        coalesce(reported.error_type, {{ error_class('observed.error_message') }})
            as error_class,
        coalesce(reported.error_message, observed.error_message) as error_message,
        reported.max_attempts,
        reported.is_eligible,
        reported.is_in_dlq,
        reported.log_key is not null as is_reported,
        observed.log_key is not null as is_observed,
        coalesce(reported.failure_at, observed.completed_at, observed.started_at) as failed_at,
        observed.first_observed_at,
        reported.next_retry_at,
        reported.dlq_at,
        reported.resolved_at as reported_resolved_at
    from attempts
    left outer join reported
        on attempts.log_key = reported.log_key and attempts.attempt = reported.attempt_count
    left outer join observed
        on attempts.log_key = observed.log_key and attempts.attempt = observed.failed_attempt
),

-- Resolved when its report says so, or else when the stage succeeded afterwards.
resolved as (
    select
        failures.*,
        coalesce(
            failures.reported_resolved_at,
            case
                when
                    stage_runs.status = 'succeeded'
                    and stage_runs.completed_at >= failures.failed_at
                    then stage_runs.completed_at
            end
        ) as resolved_at
    from failures
    left outer join stage_runs on failures.log_key = stage_runs.log_key
),

pipeline_failures as (
    select
        log_key,
        attempt,
        pipeline_id,

        source,
        category,
        stage,
        error_class,
        error_message,

        max_attempts,
        case when resolved_at >= failed_at then datediff(second, failed_at, resolved_at) end
            as resolution_seconds,

        is_reported,
        is_observed,
        is_eligible,
        is_in_dlq,
        resolved_at is null as is_open,

        key_on,
        run_on,
        failed_at,
        first_observed_at,
        next_retry_at,
        dlq_at,
        dateadd(day, {{ var('dlq_retention_days', 14) }}, dlq_at) as dlq_expires_at,
        resolved_at
    from resolved
    where {{ is_retained('key_on') }}
)

select * from pipeline_failures
