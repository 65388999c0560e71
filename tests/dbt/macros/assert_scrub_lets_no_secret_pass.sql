-- Texts with a secret, and texts without one that must stay as they are.
-- A row here is a secret in a mart, or an error message that nobody can read.
with

texts as (
    select 1 as place, 'login failed: password=hunter2, host db1' as given, 'login failed: ***, host db1' as expected
    union all select 2, 'PASSWORD : "my secret phrase" given', '*** given'
    union all select 3, '{"db_password": "hunter2", "user": "etl"}', '{"db_***, "user": "etl"}'
    union all select 4, 'cannot reach postgresql://etl:p@ss/w@db1/x', 'cannot reach ***@db1/x'
    union all select 5, 'denied for AKIAIOSFODNN7EXAMPLE', 'denied for ***'
    union all select 6, 'aws_secret_access_key = wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY', 'aws_***'
    union all select 7, 'signed with wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY today', 'signed with *** today'
    union all select 8, 'Authorization: Bearer abcdef123456', '***'
    union all select 9, 'got eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.c2lnbmF0dXJl back', 'got *** back'
    union all select 10, 'key -----BEGIN RSA PRIVATE KEY-----MIIEow-----END RSA PRIVATE KEY----- end', 'key *** end'
    union all select 11, 'used ghp_0123456789abcdefABCDEF0123456789abcd', 'used ***'
    union all select 12, 'jdbc:redshift://h:5439/dev;user=u;Pwd=s3cr3t;x=1', 'jdbc:redshift://h:5439/dev;user=u;***;x=1'
    union all select 13, 'column total_amount: expected decimal, found string', 'column total_amount: expected decimal, found string'
    union all select 14, 'no file s3://curated/orders/web/2026-03-31/part-0.parquet', 'no file s3://curated/orders/web/2026-03-31/part-0.parquet'
    union all select 15, 'task-processing of https://api.example.com/v1 timed out', 'task-processing of https://api.example.com/v1 timed out'
    union all select 16, 'ProvisionedThroughputExceededException: slow down', 'ProvisionedThroughputExceededException: slow down'
    union all select 17, 'session 0f9a8b7c6d5e4f3a2b1c0d9e8f7a6b5c gone', 'session *** gone'
    union all select 18, cast(null as varchar(100)), cast(null as varchar(100))
),

-- Without a table the leader node alone would compute this, and refreshes are computed by the others.
rules as (
    select count(*) as rules_known from {{ ref('contract_rules') }}
),

scrubbed as (
    select
        place,
        given,
        expected,
        {{ scrub('given') }} as actual
    from texts
    cross join rules
)

select * from scrubbed
where coalesce(actual, '') <> coalesce(expected, '')
