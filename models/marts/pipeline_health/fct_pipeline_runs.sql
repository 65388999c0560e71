-- One row per pipeline and day on which at least one of its stages was logged.
{{ config(
    unique_key=['pipeline_id', 'run_on'],
    dist='pipeline_id',
    sort=['run_on'],
    meta={'refresh': {
        'reads': {
            'fct_stage_runs': ['pipeline_id', 'run_on'],
            'fct_pipeline_failures': ['pipeline_id', 'run_on'],
            'stage_catalog': [],
        },
        'range': 'run_on',
    }}
) }}

with

affected as (
    {{ affected_keys() }}
),

stage_runs as (
    select stage_log.*
    from {{ ref('fct_stage_runs') }} as stage_log
    inner join affected
        on stage_log.pipeline_id = affected.pipeline_id and stage_log.run_on = affected.run_on
    where {{ in_affected_range('stage_log.run_on') }}
),

failures as (
    select failed.*
    from {{ ref('fct_pipeline_failures') }} as failed
    inner join affected
        on failed.pipeline_id = affected.pipeline_id and failed.run_on = affected.run_on
    where {{ in_affected_range('failed.run_on') }}
),

-- One row: how many stages a complete run has.
expected as (
    select cast(count(*) as integer) as stages_expected
    from {{ ref('stage_catalog') }}
    where is_expected
),

-- Each stage with its place from the end among those that counted records, and from the start
-- among the failed.
ranked as (
    select
        stage_runs.*,
        row_number() over (
            partition by pipeline_id, run_on
            order by
                case when records_processed is null then 1 else 0 end,
                coalesce(stage_order, 0) desc,
                started_at desc,
                log_key desc
        ) as place_by_records,
        row_number() over (
            partition by pipeline_id, run_on
            order by
                case when is_failure then 0 else 1 end,
                coalesce(stage_order, 1000),
                started_at,
                log_key
        ) as place_by_failure
    from stage_runs
),

summed as (
    select
        pipeline_id,
        run_on,
        min(source) as source,
        min(category) as category,
        count(*) as stage_runs,
        count(distinct case when stage_order is not null then stage end) as stages_seen,
        sum(case when status = 'succeeded' then 1 else 0 end) as stages_succeeded,
        sum(case when status = 'failed' then 1 else 0 end) as stages_failed,
        sum(case when status = 'running' then 1 else 0 end) as stages_running,
        sum(case when status = 'skipped' then 1 else 0 end) as stages_skipped,
        sum(greatest(coalesce(attempt, 1) - 1, 0)) as retries,
        max(case when place_by_failure = 1 and is_failure then stage end) as failed_stage,
        max(case when place_by_records = 1 then records_processed end) as records_processed,
        sum(duration_seconds) as busy_seconds,
        min(queue_wait_seconds) as queue_wait_seconds,
        min(started_at) as started_at,
        max(completed_at) as newest_completed_at,
        bool_and(is_terminal) as is_at_rest
    from ranked
    group by 1, 2
),

failures_per_run as (
    select
        pipeline_id,
        run_on,
        count(*) as failed_attempts,
        sum(case when is_open then 1 else 0 end) as open_failures
    from failures
    group by 1, 2
),

-- A run failed when a stage of it stands failed, is complete when all expected stages were seen.
judged as (
    select
        summed.*,
        expected.stages_expected,
        coalesce(failures_per_run.failed_attempts, 0) as failed_attempts,
        coalesce(failures_per_run.open_failures, 0) as open_failures,
        case
            when summed.stages_failed > 0 then 'failed'
            when summed.stages_running > 0 then 'running'
            when summed.stages_seen < expected.stages_expected then 'partial'
            else 'succeeded'
        end as run_status
    from summed
    cross join expected
    left outer join failures_per_run
        on
            summed.pipeline_id = failures_per_run.pipeline_id
            and summed.run_on = failures_per_run.run_on
),

pipeline_runs as (
    select
        pipeline_id,
        cast(source || '#' || to_char(run_on, 'YYYYMMDD') as varchar(256)) as job_id,

        source,
        category,
        cast(run_status as varchar(16)) as run_status,
        failed_stage,

        stages_expected,
        cast(stages_seen as integer) as stages_seen,
        cast(stage_runs as integer) as stage_runs,
        cast(stages_succeeded as integer) as stages_succeeded,
        cast(stages_failed as integer) as stages_failed,
        cast(stages_running as integer) as stages_running,
        cast(stages_skipped as integer) as stages_skipped,
        cast(retries as integer) as retries,
        cast(failed_attempts as integer) as failed_attempts,
        cast(open_failures as integer) as open_failures,
        records_processed,
        cast(busy_seconds as bigint) as busy_seconds,
        case
            when is_at_rest and newest_completed_at >= started_at
                then datediff(second, started_at, newest_completed_at)
        end as wall_seconds,
        queue_wait_seconds,

        run_status = 'succeeded' and (retries > 0 or failed_attempts > 0) as has_recovered,

        run_on,
        started_at,
        case when is_at_rest then newest_completed_at end as completed_at
    from judged
)

select * from pipeline_runs
