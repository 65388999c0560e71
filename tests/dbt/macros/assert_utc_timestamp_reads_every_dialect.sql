-- Each spelling of a time that a writer is known to use, and what must never become a time.
-- A row here is a time that the marts would show wrong or miss.
with

spellings as (
    select 1 as place, '2026-03-31T02:00:05Z' as spelled, cast('2026-03-31 02:00:05' as timestamp) as expected
    union all select 2, '2026-02-09T21:50:20.846154+00:00', cast('2026-02-09 21:50:20.846154' as timestamp)
    union all select 3, '2026-02-09 21:50:20+0530', cast('2026-02-09 16:20:20' as timestamp)
    union all select 4, '2026-02-09T21:50:20-09:30', cast('2026-02-10 07:20:20' as timestamp)
    union all select 5, '2026-02-09T21:50:20', cast('2026-02-09 21:50:20' as timestamp)
    union all select 6, '2025-08-11:22:31:07Z', cast('2025-08-11 22:31:07' as timestamp)
    union all select 7, '2026-02-09T21:50:20.123456789Z', cast('2026-02-09 21:50:20.123456' as timestamp)
    union all select 8, '2024-02-29T00:00:00Z', cast('2024-02-29 00:00:00' as timestamp)
    union all select 9, '2026-02-29T00:00:00Z', cast(null as timestamp)
    union all select 10, '2026-02-30T25:61:00Z', cast(null as timestamp)
    union all select 11, '2026-04-31T00:00:00Z', cast(null as timestamp)
    union all select 12, '2026-03-31T24:00:00Z', cast(null as timestamp)
    union all select 13, '2026-03-31T23:59:60Z', cast(null as timestamp)
    union all select 14, '2026-03-31T02:00:05+15:00', cast(null as timestamp)
    union all select 15, '0000-01-01T00:00:00Z', cast(null as timestamp)
    union all select 16, '2026-03-31', cast(null as timestamp)
    union all select 17, 'now', cast(null as timestamp)
    union all select 18, 'infinity', cast(null as timestamp)
    union all select 19, '', cast(null as timestamp)
    union all select 20, cast(null as varchar(40)), cast(null as timestamp)
    union all select 21, ' 2026-03-31T02:00:05Z', cast(null as timestamp)
    union all select 22, '2026-00-10T00:00:00Z', cast(null as timestamp)
    union all select 23, '2026-03-00T00:00:00Z', cast(null as timestamp)
),

-- Without a table the leader node alone would compute this, and refreshes are computed by the others.
rules as (
    select count(*) as rules_known from {{ ref('contract_rules') }}
),

read_times as (
    select
        place,
        spelled,
        expected,
        {{ utc_timestamp('spelled') }} as actual
    from spellings
    cross join rules
)

select * from read_times
where coalesce(cast(actual as varchar(40)), '') <> coalesce(cast(expected as varchar(40)), '')
