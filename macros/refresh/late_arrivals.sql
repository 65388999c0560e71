{#- A changed item is late by the hours between its own event time and the newest one staged before it. -#}
{% macro late_arrivals(subject) -%}
    {%- do _refuse_unknown_subject(subject) -%}
    {%- set arrived = run_query(_late_arrivals_sql(subject)) -%}
    {%- for row in arrived.rows -%}
        {%- do log(
            row['model'] ~ ': ' ~ row['items'] ~ ' items came, ' ~ row['late_items'] ~ ' of them late, the latest by '
            ~ row['latest_hours'] ~ ' hours; a lookback of ' ~ row['lookback_hours'] ~ ' hours ('
            ~ ((row['lookback_hours'] + 23) // 24) ~ ' days) would have caught 99.9 %', info=true) -%}
    {%- else -%}
        {%- do log('nothing has come since the first build of ' ~ subject, info=true) -%}
    {%- endfor -%}
{%- endmacro %}

{% macro _late_arrivals_sql(subject) -%}
with

per_hour as (
    select
        model,
        late_hours,
        sum(items) as items
    from {{ arrivals_table() }}
    where subject = '{{ subject }}'
    group by 1, 2
),

summed as (
    select
        model,
        late_hours,
        items,
        sum(items) over (partition by model order by late_hours rows unbounded preceding) as items_so_far,
        sum(items) over (partition by model) as all_items
    from per_hour
)

select
    model,
    sum(items) as items,
    sum(case when late_hours > 0 then items else 0 end) as late_items,
    max(late_hours) as latest_hours,
    min(case when items_so_far >= 0.999 * all_items then late_hours end) as lookback_hours
from summed
group by 1
order by 1
{%- endmacro %}
