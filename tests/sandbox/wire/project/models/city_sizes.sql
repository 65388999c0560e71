{{ config(materialized='table', dist='id', sort=['founded', 'id']) }}
select
    id,
    name::varchar(100) as name,
    area::decimal(12, 2) as area,
    founded,
    is_capital,
    nvl2(founded, datediff(year, founded, '2000-01-01'::date), -1)::bigint as age
from {{ ref('cities') }}
