{{ config(
    materialized='incremental',
    incremental_strategy='delete+insert',
    unique_key=['id', 'kind'],
    on_schema_change='append_new_columns',
) }}
select
    id,
    'city'::varchar(10) as kind,
    {{ 'area * 2' if is_incremental() else 'area' }} as area
    {% if is_incremental() %}, name::varchar(40) as name{% endif %}
from {{ ref('cities') }}
