-- One row per item of failed-jobs: one failure of one stage, and what became of it.
{{ config(
    unique_key=['job_key', 'failed_at'],
    dist='log_key',
    sort=['run_on'],
    meta={'refresh': {
        'detect': {'table': 'failed-jobs', 'event_at': 'failure_at'},
        'reads': {'contract_rules': []},
        'range': {
            'failed_on': "coalesce(cast(" ~ utc_timestamp('failed_at') ~ " as date), cast('1970-01-01' as date))",
        },
        'hand_on': ['log_key', 'key_on'],
        'expires_at': 'expires_at',
    }}
) }}

{%- set rules = {
    'missing_attribute': "'absent' in (log_key_is, job_id_is, source_is, stage_is, attempt_count_is)",
    'bad_type': "'other' in (log_key_is, job_id_is, source_is, stage_is, error_type_is, error_is,"
        ~ " attempt_count_is, max_attempts_is, eligible_is, dlq_is, next_retry_is, resolved_is, dlq_at_is, ttl_is)",
    'bad_text': "(source_is = 'S' and (source is null or source = '' or source like '%#%'))"
        ~ " or (stage_is = 'S' and (stage is null or stage = '' or stage like '%#%'))"
        ~ " or (log_key_is = 'S' and log_key is null)",
    'bad_key': "log_key <> pipeline_id || '#' || stage || '#' || right(log_key, 8)",
    'bad_job_id': "job_id_is = 'S' and (job_id is null or job_id <> source || '#' || right(log_key, 8))",
    'bad_run_date': "log_key_is = 'S' and run_on is null",
    'impossible_run_date': "run_on not between '2000-01-01' and '2099-12-31' or datediff(day, cast(failure_at as date), run_on) > 2",
    'bad_timestamp': "failure_at is null"
        ~ " or (next_retry_is = 'S' and next_retry_at is null)"
        ~ " or (resolved_is = 'S' and resolved_at is null)"
        ~ " or (dlq_at_is = 'S' and dlq_at is null)",
    'loose_timestamp': "failure_at is not null and not " ~ is_strict_timestamp('failed_at'),
    'bad_number': "(attempt_count_is = 'N' and attempt_count is null)"
        ~ " or (max_attempts_is = 'N' and max_attempts is null)"
        ~ " or (ttl_is = 'N' and expires_at is null)",
    'text_cut': "octet_length(error_text) > 4000 or (error_is = 'S' and error_text is null)",
} %}

with

items as (
    {{ changed_items('failed-jobs') }}
),

contract_rules as (
    select * from {{ ref('contract_rules') }}
),

-- The attributes as text, each with the type it came in.
unpacked as (
    select
        job_key,
        failed_at,
        {{ dynamodb_text('log_key', 2048) }} as log_key,
        {{ dynamodb_text('job_id', 256) }} as job_id,
        {{ dynamodb_text('source', 64) }} as source,
        {{ dynamodb_text('stage', 64) }} as stage,
        {{ dynamodb_text('error_type', 128) }} as error_type_text,
        {{ scrub(dynamodb_text('error_message', 65535)) }} as error_text,
        {{ dynamodb_integer('attempt_count') }} as attempt_number,
        {{ dynamodb_integer('max_attempts') }} as max_attempts_number,
        {{ dynamodb_integer('ttl') }} as ttl_number,
        {{ dynamodb_boolean('eligible') }} as is_eligible,
        {{ dynamodb_boolean('dlq') }} as is_in_dlq,
        {{ dynamodb_text('next_retry_at', 40) }} as next_retry_text,
        {{ dynamodb_text('resolved_at', 40) }} as resolved_text,
        {{ dynamodb_text('dlq_at', 40) }} as dlq_text,
        {{ dynamodb_state('log_key', ['S']) }} as log_key_is,
        {{ dynamodb_state('job_id', ['S']) }} as job_id_is,
        {{ dynamodb_state('source', ['S']) }} as source_is,
        {{ dynamodb_state('stage', ['S']) }} as stage_is,
        {{ dynamodb_state('error_type', ['S', 'NULL']) }} as error_type_is,
        {{ dynamodb_state('error_message', ['S', 'NULL']) }} as error_is,
        {{ dynamodb_state('attempt_count', ['N']) }} as attempt_count_is,
        {{ dynamodb_state('max_attempts', ['N', 'NULL']) }} as max_attempts_is,
        {{ dynamodb_state('eligible', ['BOOL', 'NULL']) }} as eligible_is,
        {{ dynamodb_state('dlq', ['BOOL', 'NULL']) }} as dlq_is,
        {{ dynamodb_state('next_retry_at', ['S', 'NULL']) }} as next_retry_is,
        {{ dynamodb_state('resolved_at', ['S', 'NULL']) }} as resolved_is,
        {{ dynamodb_state('dlq_at', ['S', 'NULL']) }} as dlq_at_is,
        {{ dynamodb_state('ttl', ['N', 'NULL']) }} as ttl_is,
        item_hash
    from items
),

-- The texts as days, times and numbers. The category stands only in the key, as its second part
-- of four.
typed as (
    select
        unpacked.*,
        case
            when
                split_part(log_key, '#', 4) <> ''
                and octet_length(split_part(log_key, '#', 2)) <= 64
                then cast(split_part(log_key, '#', 2) as varchar(64))
        end as category,
        {{ key_day('log_key') }} as key_on,
        {{ compact_date('right(log_key, 8)') }} as run_on,
        coalesce(cast({{ utc_timestamp('failed_at') }} as date), cast('1970-01-01' as date))
            as failed_on,
        {{ utc_timestamp('failed_at') }} as failure_at,
        {{ utc_timestamp('next_retry_text') }} as next_retry_at,
        {{ utc_timestamp('resolved_text') }} as resolved_at,
        {{ utc_timestamp('dlq_text') }} as dlq_at,
        {{ epoch_timestamp('ttl_number') }} as expires_at,
        case
            when
                error_type_text ~ '^[A-Za-z][A-Za-z0-9_.]*$'
                and error_type_text = {{ scrub('error_type_text') }}
                then error_type_text
        end as error_type,
        {{ cut_text('error_text', 4000) }} as error_message,
        case when attempt_number between 1 and 1000000 then cast(attempt_number as integer) end
            as attempt_count,
        case
            when max_attempts_number between 1 and 1000000 then cast(max_attempts_number as integer)
        end
            as max_attempts
    from unpacked
),

placed as (
    select
        typed.*,
        {{ pipeline_id('source', 'category') }} as pipeline_id
    from typed
),

issues as (
    select
        job_key,
        failed_at,
        {{ contract_issues(rules) }} as contract_issues
    from placed
),

-- Items that break a rule of those that contract_rules calls blocking.
blocked as (
    select distinct
        issues.job_key,
        issues.failed_at
    from issues
    inner join contract_rules
        on
            contract_rules.is_blocking
            and {{ breaks_rule('issues.contract_issues', 'contract_rules.rule') }}
),

judged as (
    select
        placed.job_key,
        placed.failed_at,
        placed.log_key,
        placed.job_id,
        placed.pipeline_id,

        placed.source,
        placed.category,
        placed.stage,
        placed.error_type,
        placed.error_message,
        issues.contract_issues,

        placed.attempt_count,
        placed.max_attempts,

        placed.is_eligible,
        placed.is_in_dlq,
        -- What cannot be placed never reaches a mart, whatever contract_rules says.
        blocked.job_key is not null
        or placed.log_key is null
        or placed.pipeline_id is null
        or placed.stage is null
        or placed.run_on is null
        or placed.attempt_count is null
        or placed.failure_at is null as has_blocking_issue,

        placed.key_on,
        placed.run_on,
        placed.failed_on,
        placed.failure_at,
        placed.next_retry_at,
        placed.resolved_at,
        placed.dlq_at,
        placed.expires_at,

        placed.item_hash
    from placed
    inner join issues on placed.job_key = issues.job_key and placed.failed_at = issues.failed_at
    left outer join blocked
        on placed.job_key = blocked.job_key and placed.failed_at = blocked.failed_at
)

select * from judged
