{% macro epoch_timestamp(seconds) -%}
    {#- By days and seconds, because dateadd counts in 32 bits; nothing after the year 2100 is a time to live. -#}
    case
        when {{ seconds }} between 0 and 4133894400
            then dateadd(
                second, cast({{ seconds }} % 86400 as integer),
                dateadd(day, cast({{ seconds }} / 86400 as integer), cast('1970-01-01' as timestamp))
            )
    end
{%- endmacro %}
