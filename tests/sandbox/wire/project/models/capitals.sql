{{ config(materialized='view') }}
select id, name from {{ ref('city_sizes') }} where is_capital
