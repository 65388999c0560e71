-- One row per calendar day from the first day with a run to the newest one stored.
{{ config(
    unique_key=['run_on'],
    dist='all',
    sort=['run_on'],
    meta={'refresh': {
        'reads': {'agg_run_days': []},
    }}
) }}

with

-- One row.
bounds as (
    select
        min(run_on) as first_on,
        max(run_on) as newest_on
    from {{ ref('agg_run_days') }}
),

digits as (
    select 0 as digit
    {%- for digit in range(1, 10) %}
    union all
    select {{ digit }} as digit
    {%- endfor %}
),

-- 0 to 99999: with it the days from 2000 on reach beyond the year 2200.
numbers as (
    select
        ones.digit + 10 * tens.digit + 100 * hundreds.digit + 1000 * thousands.digit
        + 10000 * myriads.digit as days_after
    from digits as ones
    cross join digits as tens
    cross join digits as hundreds
    cross join digits as thousands
    cross join digits as myriads
),

days as (
    select cast(dateadd(day, numbers.days_after, bounds.first_on) as date) as run_on
    from numbers
    inner join bounds on numbers.days_after <= datediff(day, bounds.first_on, bounds.newest_on)
),

run_days as (
    select
        run_on,
        cast(date_trunc('week', run_on) as date) as week_starts_on,
        cast(date_trunc('month', run_on) as date) as month_starts_on,
        extract(dow from run_on) in (0, 6) as is_weekend
    from days
)

select * from run_days
