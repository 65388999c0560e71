-- One row per pipeline and day, straight from the replica: fewer columns than fct_pipeline_runs, and no
-- contract, scrubbing or failed jobs, so what it costs is the least that such a view costs.

with

items as (
    select item."value" from {{ replica('pipeline-logs') }} as item
),

unpacked as (
    select
        {{ dynamodb_text('source', 64) }} as source,
        {{ dynamodb_text('category', 64) }} as category,
        {{ dynamodb_text('stage', 64) }} as stage,
        {{ dynamodb_text('run_date', 8) }} as run_date,
        {{ dynamodb_text('status', 32) }} as status,
        {{ dynamodb_text('started_at', 40) }} as started_text,
        {{ dynamodb_text('completed_at', 40) }} as completed_text,
        {{ dynamodb_integer('records_processed') }} as records_processed,
        {{ dynamodb_integer(['metadata', 'attempt']) }} as attempt
    from items
),

stage_runs as (
    select
        {{ pipeline_id('source', 'category') }} as pipeline_id,
        {{ compact_date('run_date') }} as run_on,
        stage,
        status,
        records_processed,
        attempt,
        {{ utc_timestamp('started_text') }} as started_at,
        {{ utc_timestamp('completed_text') }} as completed_at
    from unpacked
),

runs as (
    select
        pipeline_id,
        run_on,
        count(*) as stage_runs,
        sum(case when status = 'SUCCEEDED' then 1 else 0 end) as stages_succeeded,
        sum(case when status = 'FAILED' then 1 else 0 end) as stages_failed,
        sum(greatest(coalesce(attempt, 1) - 1, 0)) as retries,
        max(records_processed) as records_processed,
        sum(datediff(second, started_at, completed_at)) as busy_seconds
    from stage_runs
    group by 1, 2
)

select * from runs
