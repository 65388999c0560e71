{{ config(materialized='procedure') }}
declare
    found integer;
begin
    select into found count(*) from {{ ref('city_sizes') }} where area > p_area;
    if found = 0 then
        raise exception 'no city is larger than %', p_area;
    end if;
    p_result := found;
end;
