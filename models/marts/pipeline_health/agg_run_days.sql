-- One row per day on which a pipeline ran.
{{ config(
    unique_key=['run_on'],
    dist='all',
    sort=['run_on'],
    meta={'refresh': {
        'reads': {'fct_pipeline_runs': ['run_on']},
        'range': 'run_on',
    }}
) }}

with

affected as (
    {{ affected_keys() }}
),

runs as (
    select * from {{ ref('fct_pipeline_runs') }}
    where
        run_on in (select affected.run_on from affected)
        and {{ in_affected_range('run_on') }}
),

run_days as (
    select
        cast(count(*) as integer) as runs_seen,
        run_on
    from runs
    group by 2
)

select * from run_days
