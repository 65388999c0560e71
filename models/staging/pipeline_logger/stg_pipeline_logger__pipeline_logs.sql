-- One row per item of pipeline-logs: the newest write about one stage of one pipeline run.
{{ config(
    unique_key=['log_key'],
    dist='log_key',
    sort=['run_on'],
    meta={'refresh': {
        'detect': {'table': 'pipeline-logs', 'event_at': 'started_at'},
        'reads': {'contract_rules': [], 'status_vocabulary': [], 'stage_catalog': []},
        'range': {'key_on': key_day('log_key')},
        'hand_on': ['key_on'],
    }}
) }}

{%- set rules = {
    'missing_attribute': "'absent' in (job_id_is, source_is, stage_is, run_date_is, status_is, started_at_is)",
    'partial_item': "'absent' in (category_is, completed_at_is, records_is, error_is, metadata_is)",
    'bad_type': "'other' in (job_id_is, source_is, stage_is, run_date_is, status_is, started_at_is, category_is,"
        ~ " completed_at_is, records_is, error_is, metadata_is)",
    'bad_text': "(source_is = 'S' and (source is null or source = '' or source like '%#%'))"
        ~ " or (category_is = 'S' and (category is null or category = '' or category like '%#%'))"
        ~ " or (stage_is = 'S' and (stage is null or stage = '' or stage like '%#%'))",
    'bad_key': "log_key <> pipeline_id || '#' || stage || '#' || right(log_key, 8) or log_key !~ '#[0-9]{8}$'",
    'moved_day': "right(log_key, 8) <> run_date and log_key ~ '#[0-9]{8}$'",
    'bad_job_id': "job_id_is = 'S' and (job_id is null or job_id <> source || '#' || run_date)",
    'bad_run_date': "run_date_is = 'S' and run_on is null",
    'impossible_run_date': "run_on not between '2000-01-01' and '2099-12-31' or datediff(day, cast(started_at as date), run_on) > 2",
    'bad_timestamp': "(started_at_is = 'S' and started_at is null)"
        ~ " or (completed_at_is = 'S' and completed_at is null)",
    'loose_timestamp': "(started_at is not null and not " ~ is_strict_timestamp('started_text')
        ~ ") or (completed_at is not null and not " ~ is_strict_timestamp('completed_text') ~ ")",
    'completed_before_started': "completed_at < started_at",
    'bad_number': "records_is = 'N' and (records_processed is null or records_processed < 0)",
    'bad_metadata': "(attempt_is <> 'absent' and attempt is null)"
        ~ " or (enqueued_at_is not in ('absent', 'NULL') and enqueued_at is null)",
    'text_cut': "octet_length(error_text) > 4000 or (error_is = 'S' and error_text is null)",
    'unknown_status': "status_is = 'S' and normalised_status is null",
    'unknown_stage': "stage <> '' and stage_order is null",
    'finished_without_end': "is_terminal and completed_at_is in ('NULL', 'absent')",
} %}

with

items as (
    {{ changed_items('pipeline-logs') }}
),

status_vocabulary as (
    select * from {{ ref('status_vocabulary') }}
),

stage_catalog as (
    select * from {{ ref('stage_catalog') }}
),

contract_rules as (
    select * from {{ ref('contract_rules') }}
),

-- The attributes as text, each with the type it came in.
unpacked as (
    select
        log_key,
        {{ dynamodb_text('job_id', 256) }} as job_id,
        {{ dynamodb_text('source', 64) }} as source,
        {{ dynamodb_text('category', 64) }} as category,
        {{ dynamodb_text('stage', 64) }} as stage,
        {{ dynamodb_text('run_date', 8) }} as run_date,
        {{ dynamodb_text('status', 32) }} as status,
        {{ dynamodb_text('started_at', 40) }} as started_text,
        {{ dynamodb_text('completed_at', 40) }} as completed_text,
        {{ dynamodb_integer('records_processed') }} as records_processed,
        {{ scrub(dynamodb_text('error_message', 65535)) }} as error_text,
        {{ dynamodb_text(['metadata', 'execution_arn'], 512) }} as execution_text,
        {{ dynamodb_integer(['metadata', 'attempt']) }} as attempt_number,
        {{ dynamodb_text(['metadata', 'writer'], 24) }} as writer_text,
        {{ dynamodb_text(['metadata', 'trigger_type'], 24) }} as trigger_text,
        {{ dynamodb_text(['metadata', 'enqueued_at'], 40) }} as enqueued_text,
        {{ dynamodb_state('job_id', ['S']) }} as job_id_is,
        {{ dynamodb_state('source', ['S']) }} as source_is,
        {{ dynamodb_state('category', ['S', 'NULL']) }} as category_is,
        {{ dynamodb_state('stage', ['S']) }} as stage_is,
        {{ dynamodb_state('run_date', ['S']) }} as run_date_is,
        {{ dynamodb_state('status', ['S']) }} as status_is,
        {{ dynamodb_state('started_at', ['S']) }} as started_at_is,
        {{ dynamodb_state('completed_at', ['S', 'NULL']) }} as completed_at_is,
        {{ dynamodb_state('records_processed', ['N', 'NULL']) }} as records_is,
        {{ dynamodb_state('error_message', ['S', 'NULL']) }} as error_is,
        {{ dynamodb_state('metadata', ['M', 'NULL']) }} as metadata_is,
        {{ dynamodb_state(['metadata', 'attempt'], ['N', 'NULL']) }} as attempt_is,
        {{ dynamodb_state(['metadata', 'enqueued_at'], ['S', 'NULL']) }} as enqueued_at_is,
        item_hash
    from items
),

-- The texts as days, times and numbers; of the metadata only what has the form it should have.
typed as (
    select
        unpacked.*,
        {{ pipeline_id('source', 'category') }} as pipeline_id,
        {{ key_day('log_key') }} as key_on,
        {{ compact_date('run_date') }} as run_on,
        {{ utc_timestamp('started_text') }} as started_at,
        {{ utc_timestamp('completed_text') }} as completed_at,
        {{ utc_timestamp('enqueued_text') }} as enqueued_at,
        {{ cut_text('error_text', 4000) }} as error_message,
        case when attempt_number between 1 and 1000000 then cast(attempt_number as integer) end
            as attempt,
        case
            when
                execution_text ~ '^arn:aws[a-z-]*:[A-Za-z0-9:/._-]+$'
                and execution_text = {{ scrub('execution_text') }}
                then execution_text
        end as execution_arn,
        case when writer_text ~ '^[a-z][a-z0-9_]*$' then writer_text end as writer,
        case when trigger_text ~ '^[a-z][a-z0-9_]*$' then trigger_text end as trigger_type
    from unpacked
),

-- With what the vocabularies say of status and stage.
known as (
    select
        typed.*,
        status_vocabulary.normalised as normalised_status,
        status_vocabulary.is_terminal,
        status_vocabulary.is_failure,
        stage_catalog.stage_order
    from typed
    left outer join status_vocabulary on typed.status = status_vocabulary.status
    left outer join stage_catalog on typed.stage = stage_catalog.stage
),

issues as (
    select
        log_key,
        {{ contract_issues(rules) }} as contract_issues
    from known
),

-- Items that break a rule of those that contract_rules calls blocking.
blocked as (
    select distinct issues.log_key
    from issues
    inner join contract_rules
        on
            contract_rules.is_blocking
            and {{ breaks_rule('issues.contract_issues', 'contract_rules.rule') }}
),

judged as (
    select
        known.log_key,
        known.job_id,
        known.pipeline_id,
        known.execution_arn,

        known.source,
        known.category,
        known.stage,
        known.run_date,
        known.status,
        known.normalised_status,
        known.error_message,
        known.writer,
        known.trigger_type,
        issues.contract_issues,

        known.stage_order,
        known.attempt,
        known.records_processed,

        known.is_terminal,
        known.is_failure,
        -- What cannot be placed never reaches a mart, whatever contract_rules says.
        blocked.log_key is not null
        or known.pipeline_id is null
        or known.stage is null
        or known.run_on is null
        or known.normalised_status is null as has_blocking_issue,

        known.key_on,
        known.run_on,
        known.started_at,
        known.completed_at,
        known.enqueued_at,

        known.item_hash
    from known
    inner join issues on known.log_key = issues.log_key
    left outer join blocked on known.log_key = blocked.log_key
)

select * from judged
