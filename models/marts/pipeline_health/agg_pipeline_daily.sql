-- One row per pipeline and day, from the first day stored to the newest: every day of every active
-- registered pipeline, with zeros where nothing ran, and every run of any other pipeline.
{{ config(
    unique_key=['pipeline_id', 'run_on'],
    dist='pipeline_id',
    sort=['run_on'],
    meta={'refresh': {
        'reads': {
            'fct_pipeline_runs': ['run_on'],
            'dim_run_days': ['run_on'],
            'pipeline_registry': [],
        },
        'range': 'run_on',
    }}
) }}

with

affected as (
    {{ affected_keys() }}
),

run_days as (
    select * from {{ ref('dim_run_days') }}
    where
        run_on in (select affected.run_on from affected)
        and {{ in_affected_range('run_on') }}
),

runs as (
    select * from {{ ref('fct_pipeline_runs') }}
    where
        run_on in (select affected.run_on from affected)
        and {{ in_affected_range('run_on') }}
),

registry as (
    select
        {{ pipeline_id('source', 'category') }} as pipeline_id,
        source,
        category
    from {{ ref('pipeline_registry') }}
    where is_active
),

expected as (
    select
        registry.pipeline_id,
        registry.source,
        registry.category,
        run_days.run_on
    from registry
    cross join run_days
),

places as (
    select
        pipeline_id,
        source,
        category,
        run_on,
        1 as runs_expected
    from expected
    union all
    select
        runs.pipeline_id,
        runs.source,
        runs.category,
        runs.run_on,
        0 as runs_expected
    from runs
    left outer join registry on runs.pipeline_id = registry.pipeline_id
    where registry.pipeline_id is null
),

pipeline_daily as (
    select
        places.pipeline_id,
        places.source,
        places.category,

        places.runs_expected,
        case when runs.pipeline_id is null then 0 else 1 end as runs_seen,
        case when places.runs_expected = 1 and runs.pipeline_id is null then 1 else 0 end
            as runs_missing,
        {%- for status in ['succeeded', 'failed', 'running', 'partial'] %}
        case when runs.run_status = '{{ status }}' then 1 else 0 end as runs_{{ status }},
        {%- endfor %}
        coalesce(runs.stage_runs, 0) as stage_runs,
        coalesce(runs.stages_failed, 0) as stages_failed,
        coalesce(runs.retries, 0) as retries,
        coalesce(runs.failed_attempts, 0) as failed_attempts,
        coalesce(runs.records_processed, 0) as records_processed,
        coalesce(runs.busy_seconds, 0) as busy_seconds,
        coalesce(runs.wall_seconds, 0) as wall_seconds,

        places.run_on
    from places
    left outer join runs on places.pipeline_id = runs.pipeline_id and places.run_on = runs.run_on
)

select * from pipeline_daily
