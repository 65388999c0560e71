-- One row per active registered pipeline: where it stands now. The Quick dataset "Pipelines live".
-- What depends on the clock stands here and in no table.
{{ config(materialized='view') }}

with

registry as (
    select
        {{ pipeline_id('source', 'category') }} as pipeline_id,
        source,
        category,
        owner,
        criticality,
        {{ clock_minutes('expected_start_utc') }} as start_minute,
        max_duration_minutes
    from {{ ref('pipeline_registry') }}
    where is_active
),

-- One row.
clock as (
    select
        {{ utc_now() }} as now_at,
        {{ data_as_of('pipeline_health') }} as data_as_of
),

newest_days as (
    select
        pipeline_id,
        max(run_on) as run_on
    from {{ ref('fct_pipeline_runs') }}
    group by 1
),

newest_runs as (
    select runs.*
    from {{ ref('fct_pipeline_runs') }} as runs
    inner join newest_days
        on runs.pipeline_id = newest_days.pipeline_id and runs.run_on = newest_days.run_on
),

newest_successes as (
    select
        pipeline_id,
        max(completed_at) as last_success_at
    from {{ ref('fct_pipeline_runs') }}
    where run_status = 'succeeded'
    group by 1
),

open_failures as (
    select
        pipeline_id,
        count(*) as open_failures,
        min(failed_at) as oldest_open_at,
        min(next_retry_at) as next_retry_at,
        min(dlq_expires_at) as dlq_expires_at
    from {{ ref('fct_pipeline_failures') }}
    where is_open
    group by 1
),

-- When today's run is due and when it must be done.
scheduled as (
    select
        registry.*,
        clock.now_at,
        clock.data_as_of,
        dateadd(minute, registry.start_minute, date_trunc('day', clock.now_at))
            as expected_start_at,
        dateadd(
            minute,
            registry.start_minute + registry.max_duration_minutes,
            date_trunc('day', clock.now_at)
        ) as deadline_at
    from registry
    cross join clock
),

pipelines as (
    select
        scheduled.pipeline_id,

        scheduled.source,
        scheduled.category,
        scheduled.owner,
        scheduled.criticality,
        coalesce(newest_runs.run_status, cast('missing' as varchar(16))) as run_status,
        newest_runs.failed_stage,

        newest_runs.stages_expected,
        newest_runs.stages_seen,
        cast(coalesce(open_failures.open_failures, 0) as integer) as open_failures,
        case
            when newest_runs.run_status in ('running', 'partial')
                then datediff(minute, newest_runs.started_at, scheduled.now_at)
        end as open_for_minutes,
        datediff(minute, open_failures.oldest_open_at, scheduled.now_at) as failing_for_minutes,
        datediff(minute, newest_successes.last_success_at, scheduled.now_at)
            as minutes_since_success,
        datediff(day, scheduled.now_at, open_failures.dlq_expires_at)
            as days_to_dlq_expiry,
        datediff(minute, scheduled.data_as_of, scheduled.now_at) as staleness_minutes,

        -- The event that starts a run is retried for an hour, so within it nothing is missing yet.
        coalesce(newest_runs.run_on < cast(scheduled.now_at as date), true)
        and scheduled.now_at > dateadd(hour, 1, scheduled.expected_start_at) as is_missing_today,
        -- From four fifths of its time on, an unfinished run may miss the deadline.
        coalesce(newest_runs.run_status in ('running', 'partial'), false)
        and datediff(minute, newest_runs.started_at, scheduled.now_at) * 5
        >= scheduled.max_duration_minutes * 4 as is_at_risk,
        scheduled.now_at > scheduled.deadline_at
        and not coalesce(
            newest_runs.run_on >= cast(scheduled.now_at as date)
            and newest_runs.run_status = 'succeeded',
            false
        ) as is_past_deadline,

        newest_runs.run_on as newest_run_on,
        scheduled.expected_start_at,
        scheduled.deadline_at,
        newest_runs.started_at,
        newest_successes.last_success_at,
        open_failures.next_retry_at,
        open_failures.dlq_expires_at,
        scheduled.data_as_of,
        scheduled.now_at as seen_at
    from scheduled
    left outer join newest_runs on scheduled.pipeline_id = newest_runs.pipeline_id
    left outer join newest_successes on scheduled.pipeline_id = newest_successes.pipeline_id
    left outer join open_failures on scheduled.pipeline_id = open_failures.pipeline_id
)

select * from pipelines
