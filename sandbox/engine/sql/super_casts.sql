-- Casts out of SUPER are lax: null where the value does not fit, as with cast_super_null_on_error on.
-- https://docs.aws.amazon.com/redshift/latest/dg/super-configurations.html
-- json_value() turns errors into null without the cost of a PL/pgSQL exception block, and is inlined.
-- PostgreSQL reads 1_000 and 0x1F as numbers, Redshift does not; and no number is a date.

create function pg_catalog.super_text(super) returns text
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb, 'strict $.string()' returning text) $$;
create function pg_catalog.super_varchar(super) returns varchar
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb, 'strict $.string()' returning varchar) $$;
create function pg_catalog.super_bpchar(super) returns bpchar
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb, 'strict $.string()' returning text)::bpchar $$;
create function pg_catalog.super_int2(super) returns int2
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb,
    'strict $ ? (@.type() != "string" || !(@ like_regex "[_xXoObB]")).integer()' returning int2) $$;
create function pg_catalog.super_int4(super) returns int4
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb,
    'strict $ ? (@.type() != "string" || !(@ like_regex "[_xXoObB]")).integer()' returning int4) $$;
create function pg_catalog.super_int8(super) returns int8
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb,
    'strict $ ? (@.type() != "string" || !(@ like_regex "[_xXoObB]")).bigint()' returning int8) $$;
create function pg_catalog.super_float4(super) returns float4
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb,
    'strict $ ? (@.type() != "string" || !(@ like_regex "[_xXoObB]")).double()' returning float4) $$;
create function pg_catalog.super_float8(super) returns float8
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb,
    'strict $ ? (@.type() != "string" || !(@ like_regex "[_xXoObB]")).double()' returning float8) $$;
create function pg_catalog.super_bool(super) returns bool
  language sql immutable parallel safe as
  $$ select json_value($1::jsonb, 'strict $.boolean()' returning bool) $$;
create function pg_catalog.super_date(super) returns date
  language sql stable parallel safe as
  $$ select json_value($1::jsonb, 'strict $ ? (@.type() == "string")' returning date) $$;
create function pg_catalog.super_time(super) returns time
  language sql stable parallel safe as
  $$ select json_value($1::jsonb, 'strict $ ? (@.type() == "string")' returning time) $$;
create function pg_catalog.super_timestamp(super) returns timestamp
  language sql stable parallel safe as
  $$ select json_value($1::jsonb, 'strict $ ? (@.type() == "string")' returning timestamp) $$;
create function pg_catalog.super_timestamptz(super) returns timestamptz
  language sql stable parallel safe as
  $$ select json_value($1::jsonb, 'strict $ ? (@.type() == "string")' returning timestamptz) $$;

-- The precision of a decimal belongs to the cast: what is too long for it is null too. Read from
-- PostgreSQL's type modifier: ((precision << 16) | scale) + 4.
create function pg_catalog.rs_decimal_fit(numeric, int) returns numeric
  language plpgsql immutable parallel safe as $$
begin
  if $2 < 4 or $1 is null then
    return $1;
  elsif abs(round($1, ($2 - 4) & 2047)) >= 10::numeric ^ (((($2 - 4) >> 16) & 65535) - (($2 - 4) & 2047)) then
    return null;
  end if;
  return round($1, ($2 - 4) & 2047);
end $$;
create function pg_catalog.super_numeric(super, int) returns numeric
  language sql immutable parallel safe as
  $$ select pg_catalog.rs_decimal_fit(json_value($1::jsonb,
    'strict $ ? (@.type() != "string" || !(@ like_regex "[_xXoObB]")).number()' returning numeric), $2) $$;

create cast (super as text) with function pg_catalog.super_text(super);
create cast (super as varchar) with function pg_catalog.super_varchar(super);
create cast (super as bpchar) with function pg_catalog.super_bpchar(super);
create cast (super as int2) with function pg_catalog.super_int2(super);
create cast (super as int4) with function pg_catalog.super_int4(super);
create cast (super as int8) with function pg_catalog.super_int8(super);
create cast (super as float4) with function pg_catalog.super_float4(super);
create cast (super as float8) with function pg_catalog.super_float8(super);
create cast (super as numeric) with function pg_catalog.super_numeric(super, int);
create cast (super as bool) with function pg_catalog.super_bool(super);
create cast (super as date) with function pg_catalog.super_date(super);
create cast (super as time) with function pg_catalog.super_time(super);
create cast (super as timestamp) with function pg_catalog.super_timestamp(super);
create cast (super as timestamptz) with function pg_catalog.super_timestamptz(super);

-- Casts into SUPER; text becomes a string, whatever it looks like. Dates and times have none, as in Redshift.
-- https://docs.aws.amazon.com/redshift/latest/dg/limitations-super.html
do $do$
declare
  t text;
begin
  foreach t in array array['bool', 'int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'text', 'varchar', 'bpchar']
  loop
    execute format(
      'create function pg_catalog.to_super(%1$s) returns super language internal immutable strict parallel '
      'safe as ''to_jsonb''', t);
    execute format('create cast (%1$s as super) with function pg_catalog.to_super(%1$s) as assignment', t);
  end loop;
end $do$;
