{#-
After its unique key changed, a table may hold rows that the new one does not tell apart: without a value in it, or
several with the same. They are removed before the rows are compared, and come again as new.
-#}
{% macro _remove_keyless(facts, target) -%}
    {%- if facts.is_append_only -%}{{ return('') }}{%- endif -%}
    {%- set keys = facts.unique_key | join(', ') -%}
    {%- set fed = (facts.unique_key + facts.hand_on) | join(', ') -%}
    {%- set keyless -%}
        ({%- for key in facts.unique_key %}{{ key }} is null or {% endfor -%}
        ({{ keys }}) in (select {{ keys }} from {{ target }} group by {{ keys }} having count(*) > 1))
    {%- endset -%}
    if v_everything then
        insert into {{ _change_feed(facts.name) }} (feed_refresh_id, image, {{ fed }})
        select v_refresh_id, 'old', {{ fed }} from {{ target }} where {{ keyless }};
        delete from {{ target }} where {{ keyless }};
        get diagnostics v_keyless := row_count;
    end if;
{%- endmacro %}
