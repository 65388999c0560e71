{#-
After its unique key changed, a table may hold rows that the new one does not tell apart: without a value in it, or
several with the same. They are removed before the rows are compared, and come again as new.
-#}
{% macro _remove_keyless(facts, target) -%}
    {%- if facts.is_append_only -%}{{ return('') }}{%- endif -%}
    {%- set keys = facts.unique_key -%}
    {%- set fed = facts.unique_key + facts.hand_on -%}
    {%- set keyless = '_keyless__' ~ facts.name -%}
    {%- set lacks_key -%}
        {%- for key in keys %}stored.{{ key }} is null{{ ' or ' if not loop.last }}{% endfor -%}
    {%- endset -%}
    if v_everything then
        create temp table {{ keyless }} as
        select {{ _listed(keys, 'stored') }} from {{ target }} as stored
        group by {{ _listed(keys, 'stored') }}
        having count(*) > 1 or {{ lacks_key }};
        select count(*) into v_rows from {{ keyless }};
        if v_rows > 0 then
            insert into {{ _change_feed(facts.name) }} (feed_refresh_id, image, {{ fed | join(', ') }})
            select v_refresh_id, 'old', {{ _listed(fed, 'stored') }}
            from {{ target }} as stored
            left join (select {{ keys | join(', ') }} from {{ keyless }}) as twice on {{ _joined(keys, 'stored', 'twice') }}
            where twice.{{ keys[0] }} is not null or {{ lacks_key }};
            delete from {{ target }} using {{ keyless }} as twice where {{ _joined(keys, target.identifier, 'twice') }};
            get diagnostics v_keyless := row_count;
            delete from {{ target }} where {{ lacks_key | replace('stored.', '') }};
            get diagnostics v_rows := row_count;
            v_keyless := v_keyless + v_rows;
        end if;
    end if;
{%- endmacro %}
