-- Every rule that staging names stands in contract_rules.
-- A row here names a rule that the seed lacks, so that it can never block.
with

named as (
    select contract_issues from {{ ref('stg_pipeline_logger__pipeline_logs') }}
    union all
    select contract_issues from {{ ref('stg_pipeline_logger__failed_jobs') }}
),

contract_rules as (
    select * from {{ ref('contract_rules') }}
),

counted as (
    select
        named.contract_issues,
        len(named.contract_issues) - len(replace(named.contract_issues, ',', '')) + 1
            as rules_named,
        count(distinct contract_rules.rule) as rules_known
    from named
    left outer join contract_rules
        on {{ breaks_rule('named.contract_issues', 'contract_rules.rule') }}
    where named.contract_issues is not null
    group by 1, 2
),

unknown as (
    select * from counted
    where rules_named > rules_known
)

select * from unknown
