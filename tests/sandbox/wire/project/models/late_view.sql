{{ config(materialized='view', bind=false) }}
select id, name, len(name) as letters from {{ ref('city_sizes') }}
