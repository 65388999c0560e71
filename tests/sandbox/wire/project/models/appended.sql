{{ config(materialized='incremental', incremental_strategy='append') }}
select id, name, {{ 1 if is_incremental() else 0 }} as run from {{ ref('cities') }}
{% if is_incremental() %}
    where id > (select max(id) - 1 from {{ this }})
{% endif %}
