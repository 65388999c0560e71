-- One row per pipeline and day: how its run went, or that none was seen.
-- The Quick dataset "Pipeline health".
{{ config(materialized='view') }}

with

daily as (
    select * from {{ ref('agg_pipeline_daily') }}
),

runs as (
    select * from {{ ref('fct_pipeline_runs') }}
),

registry as (
    select
        {{ pipeline_id('source', 'category') }} as pipeline_id,
        owner,
        criticality,
        {{ clock_minutes('expected_start_utc') }} as start_minute,
        max_duration_minutes
    from {{ ref('pipeline_registry') }}
),

-- A run of a registered pipeline is due at a time of its day and has so many minutes.
scheduled as (
    select
        daily.pipeline_id,
        daily.run_on,
        registry.owner,
        registry.criticality,
        dateadd(minute, registry.start_minute, cast(daily.run_on as timestamp))
            as expected_start_at,
        dateadd(
            minute,
            registry.start_minute + registry.max_duration_minutes,
            cast(daily.run_on as timestamp)
        ) as deadline_at
    from daily
    left outer join registry on daily.pipeline_id = registry.pipeline_id
),

pipeline_days as (
    select
        daily.pipeline_id,

        daily.source,
        daily.category,
        scheduled.owner,
        scheduled.criticality,
        coalesce(runs.run_status, cast('missing' as varchar(16))) as run_status,
        cast(
            case
                when daily.runs_seen = 0 then 'not_run'
                when scheduled.deadline_at is null then 'no_rule'
                when runs.run_status = 'failed' then 'failed'
                when runs.run_status <> 'succeeded' then 'pending'
                when runs.completed_at <= scheduled.deadline_at then 'met'
                else 'missed'
            end as varchar(16)
        ) as sla_outcome,
        runs.failed_stage,

        daily.runs_expected,
        daily.runs_seen,
        daily.runs_missing,
        daily.runs_succeeded,
        daily.runs_failed,
        daily.runs_running,
        daily.runs_partial,
        runs.stages_expected,
        runs.stages_seen,
        daily.stages_failed,
        daily.retries,
        daily.failed_attempts,
        coalesce(runs.open_failures, 0) as open_failures,
        daily.records_processed,
        runs.busy_seconds,
        runs.wall_seconds,
        runs.queue_wait_seconds,
        case
            when runs.completed_at > scheduled.deadline_at
                then datediff(minute, scheduled.deadline_at, runs.completed_at)
            when runs.completed_at <= scheduled.deadline_at then 0
        end as minutes_late,

        coalesce(runs.has_recovered, false) as has_recovered,

        daily.run_on,
        scheduled.expected_start_at,
        scheduled.deadline_at,
        runs.started_at,
        runs.completed_at,
        {{ data_as_of('pipeline_health') }} as data_as_of
    from daily
    inner join scheduled
        on daily.pipeline_id = scheduled.pipeline_id and daily.run_on = scheduled.run_on
    left outer join runs on daily.pipeline_id = runs.pipeline_id and daily.run_on = runs.run_on
)

select * from pipeline_days
