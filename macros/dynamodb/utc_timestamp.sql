{% macro utc_timestamp(text) -%}
    {%- set zone = "right(replace(" ~ text ~ ", ':', ''), 5)" -%}
    case
        when {{ text }} ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}[T :]([01][0-9]|2[0-3]):[0-5][0-9]:[0-5][0-9]([.][0-9]{1,9})?(Z|[+-](0[0-9]|1[0-4]):?[0-5][0-9])?$'
            then dateadd(
                minute,
                case
                    when {{ zone }} ~ '^[+-]'
                        then case when {{ zone }} like '-%' then 1 else -1 end
                            * (60 * cast(substring({{ zone }}, 2, 2) as integer) + cast(right({{ zone }}, 2) as integer))
                    else 0
                end,
                try_cast(
                    left({{ text }}, 10) || ' ' || substring({{ text }}, 12, 8)
                    || coalesce(regexp_substr({{ text }}, '[.][0-9]{1,6}'), '') as timestamp
                )
            )
    end
{%- endmacro %}
