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
create function pg_catalog.rs_written(super) returns text
  language plpgsql immutable strict parallel safe as $$
declare
  written text := $1::jsonb::text;
begin
  if strpos(written, 'null') > 0 and jsonb_path_exists($1::jsonb, 'strict $.** ? (@ == null)') then
    return pg_catalog.rs_compact_nulls($1::jsonb);
  end if;
  return pg_catalog.rs_compact(written, false);
end $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/JSON_SERIALIZE.html
create function pg_catalog.rs_json_serialize(super) returns varchar
  language plpgsql immutable parallel safe as $$
declare
  written text := coalesce(pg_catalog.rs_written($1), 'null');
begin
  if octet_length(written) > 65535 then
    raise exception 'Result of JSON_SERIALIZE is longer than 65535 bytes' using errcode = '22001';
  end if;
  return written;
end $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_json_size.html
create function pg_catalog.json_size(super) returns int
  language sql immutable parallel safe as $$ select coalesce(octet_length(pg_catalog.rs_written($1)), 4) $$;
create function pg_catalog.json_typeof(super) returns varchar
  language internal immutable strict parallel safe as 'jsonb_typeof';

-- The IS_ functions are false for null.
create function pg_catalog.is_object(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(jsonb_typeof($1::jsonb) = 'object', false) $$;
create function pg_catalog.is_array(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(jsonb_typeof($1::jsonb) = 'array', false) $$;
create function pg_catalog.is_scalar(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(jsonb_typeof($1::jsonb) in ('string', 'number', 'boolean'), false) $$;
create function pg_catalog.is_varchar(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(jsonb_typeof($1::jsonb) = 'string', false) $$;
create function pg_catalog.is_char(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(jsonb_typeof($1::jsonb) = 'string' and octet_length($1::jsonb #>> '{}') = length($1::jsonb #>> '{}'),
    false) $$;
create function pg_catalog.is_boolean(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(jsonb_typeof($1::jsonb) = 'boolean', false) $$;
create function pg_catalog.super_number(super) returns numeric language sql immutable parallel safe as
  $$ select case when jsonb_typeof($1::jsonb) = 'number' then ($1::jsonb)::numeric end $$;
create function pg_catalog.is_smallint(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(scale(pg_catalog.super_number($1)) = 0
    and pg_catalog.super_number($1) between -32768 and 32767, false) $$;
create function pg_catalog.is_integer(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(scale(pg_catalog.super_number($1)) = 0
    and pg_catalog.super_number($1) between -2147483648 and 2147483647, false) $$;
create function pg_catalog.is_bigint(super) returns bool language sql immutable parallel safe as
  $$ select coalesce(scale(pg_catalog.super_number($1)) = 0
    and pg_catalog.super_number($1) between -9223372036854775808 and 9223372036854775807, false) $$;
create function pg_catalog.is_decimal(super) returns bool language sql immutable parallel safe as
  $$ select pg_catalog.super_number($1) is not null $$;
create function pg_catalog.is_float(super) returns bool language sql immutable parallel safe as
  $$ select pg_catalog.super_number($1) is not null $$;

create function pg_catalog.get_array_length(super) returns bigint
  language sql immutable parallel safe as
  $$ select case when jsonb_typeof($1::jsonb) = 'array' then jsonb_array_length($1::jsonb) end $$;
create function pg_catalog.rs_array(variadic "any") returns super
  language internal stable parallel safe as 'jsonb_build_array';
create function pg_catalog.rs_array() returns super
  language internal immutable parallel safe as 'jsonb_build_array_noargs';
create function pg_catalog.rs_object(variadic "any") returns super
  language internal stable parallel safe as 'jsonb_build_object';
create function pg_catalog.rs_object() returns super
  language internal immutable parallel safe as 'jsonb_build_object_noargs';
