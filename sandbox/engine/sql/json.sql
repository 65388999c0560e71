-- Functions of SUPER. https://docs.aws.amazon.com/redshift/latest/dg/c_Type_Info_Functions.html,
-- https://docs.aws.amazon.com/redshift/latest/dg/c_SUPER_data_type_functions.html

-- A doubled attribute is an error unless json_parse_dedup_attributes is on, which the stand-in does not have.
-- https://docs.aws.amazon.com/redshift/latest/dg/super-configurations.html
create function pg_catalog.json_parse(varchar) returns super
  language plpgsql immutable strict parallel safe as $$
begin
  if $1 is json with unique keys then
    return $1::jsonb::super;
  elsif $1 is json then
    raise exception 'Duplicate attribute in JSON object' using errcode = '22030';
  end if;
  raise exception 'Invalid JSON format in input: %', left($1, 100) using errcode = '22P02';
end $$;
create function pg_catalog.can_json_parse(varchar) returns bool
  language sql immutable strict parallel safe as $$ select $1 is json with unique keys $$;

-- Compact JSON. json_strip_nulls() writes it fastest, and is right wherever there is no null to strip.
create function pg_catalog.rs_compact(text, bool) returns text
  language internal immutable strict parallel safe as 'json_strip_nulls';
create function pg_catalog.rs_compact_nulls(jsonb) returns text
  language plpgsql immutable strict parallel safe as $$
begin
  case jsonb_typeof($1)
    when 'object' then
      return (select '{' || coalesce(string_agg(to_json(k)::text || ':' || pg_catalog.rs_compact_nulls(v), ','), '')
        || '}' from jsonb_each($1) e (k, v));
    when 'array' then
      return (select '[' || coalesce(string_agg(pg_catalog.rs_compact_nulls(v), ',' order by i), '') || ']'
        from jsonb_array_elements($1) with ordinality e (v, i));
    else return $1::text;
  end case;
end $$;
create function pg_catalog.rs_serialized(text) returns text
  language sql immutable strict parallel safe as $$
  select case
    when strpos($1, 'null') = 0 then pg_catalog.rs_compact($1, false)
    else pg_catalog.rs_compact_nulls($1::jsonb)
  end $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/JSON_SERIALIZE.html
create function pg_catalog.rs_json_serialize(super) returns varchar
  language plpgsql immutable strict parallel safe as $$
declare
  written text := $1::jsonb::text;
begin
  if strpos(written, 'null') = 0 then
    written := pg_catalog.rs_compact(written, false);
  else
    written := pg_catalog.rs_compact_nulls($1::jsonb);
  end if;
  if octet_length(written) > 65535 then
    raise exception 'Result of JSON_SERIALIZE is longer than 65535 bytes' using errcode = '22001';
  end if;
  return written;
end $$;
