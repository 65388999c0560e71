{% macro item_hash(item) -%}
    {#-
    json_serialize raises above 65535 bytes. An attribute alone stays below, because Zero-ETL takes at most 64 KB of
    each: docs.aws.amazon.com/redshift/latest/mgmt/zero-etl.reqs-lims.html
    -#}
    case
        when json_size({{ item }}) <= 65535 then md5(json_serialize({{ item }}))
        else md5(
            cast(json_size({{ item }}) as varchar(20))
            {%- for attribute in replicated_attributes(model.config.meta.refresh.detect.table) %}
            {%- set part = item ~ '."' ~ attribute ~ '"' %}
            || case
                when {{ part }} is null then '-'
                when json_size({{ part }}) <= 65535 then md5(json_serialize({{ part }}))
                else cast(json_size({{ part }}) as varchar(20))
            end
            {%- endfor %}
        )
    end
{%- endmacro %}
