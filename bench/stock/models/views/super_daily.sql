-- One row per pipeline and day that ran, as numbers to add up; days without a run are left out.

with

runs as (
    select * from {{ ref('super_runs') }}
),

daily as (
    select
        pipeline_id,
        run_on,
        1 as runs_seen,
        case when stages_failed > 0 then 1 else 0 end as runs_failed,
        records_processed,
        busy_seconds
    from runs
)

select * from daily
