-- Strings. https://docs.aws.amazon.com/redshift/latest/dg/String_functions_header.html

-- Characters, not bytes. https://docs.aws.amazon.com/redshift/latest/dg/r_LEN.html
create function pg_catalog.len(text) returns int
  language internal immutable strict parallel safe as 'textlen';
create function pg_catalog.len(bpchar) returns int
  language internal immutable strict parallel safe as 'bpcharlen';
-- https://docs.aws.amazon.com/redshift/latest/dg/r_CHARINDEX.html
create function pg_catalog.charindex(text, text) returns int
  language sql immutable parallel safe as $$ select strpos($2, $1) $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/SHA2.html
create function pg_catalog.sha2(text, int) returns varchar
  language sql immutable parallel safe as $$
  select case
    when $2 in (0, 256) then encode(sha256(convert_to($1, 'UTF8')), 'hex')
    when $2 = 224 then encode(sha224(convert_to($1, 'UTF8')), 'hex')
    when $2 = 384 then encode(sha384(convert_to($1, 'UTF8')), 'hex')
    when $2 = 512 then encode(sha512(convert_to($1, 'UTF8')), 'hex')
    when $1 is not null and $2 is not null then ''
  end $$;

-- Redshift's regular expression functions replace every match, count positions below 1 as 1, and give an
-- empty string where nothing matches. The parameter e, the first subexpression, is PostgreSQL's last argument.
-- https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_REPLACE.html
create function pg_catalog.rs_regexp_replace(
  text, text, text default '', int default 1, text default 'c') returns varchar
  language sql immutable parallel safe as $$
  select regexp_replace($1, $2, $3, greatest($4, 1), 0, translate($5, 'p', '')) $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_SUBSTR.html
create function pg_catalog.rs_regexp_substr(text, text, int default 1, int default 1, text default 'c')
  returns varchar
  language sql immutable parallel safe as $$
  select case
    when $4 < 1 then null
    when num_nulls($1, $2, $3, $4, $5) = 0 then coalesce(regexp_substr(
      $1, $2, greatest($3, 1), $4, translate($5, 'ep', ''), (strpos($5, 'e') > 0 and $2 ~ '\((?!\?)')::int), '')
  end $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_COUNT.html
create function pg_catalog.rs_regexp_count(text, text, int default 1, text default 'c') returns int
  language sql immutable parallel safe as $$ select regexp_count($1, $2, greatest($3, 1), translate($4, 'p', '')) $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/REGEXP_INSTR.html
create function pg_catalog.rs_regexp_instr(
  text, text, int default 1, int default 1, int default 0, text default 'c') returns int
  language sql immutable parallel safe as $$
  select case
    when $4 < 1 then 0
    else regexp_instr($1, $2, greatest($3, 1), $4, ($5 <> 0)::int, translate($6, 'ep', ''),
      (strpos($6, 'e') > 0 and $2 ~ '\((?!\?)')::int)
  end $$;

-- What asks for the version must not take the stand-in for the service.
create function pg_catalog.rs_version() returns text
  language sql stable parallel safe as $$
  select 'PostgreSQL 8.0.2 on a local stand-in for Amazon Redshift, not Redshift (PostgreSQL '
    || current_setting('server_version') || '), Redshift 1.0.0' $$;

-- VARCHAR(n) holds n bytes, not characters: a longer value is an error, in a cast it is cut.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_Character_types.html
create function pg_catalog.rs_varchar(varchar, int, bool) returns varchar
  language plpgsql immutable strict parallel safe as $$
declare
  cut text := $1;
begin
  if $2 < 4 or octet_length($1) <= $2 - 4 then
    return $1;
  elsif not $3 and octet_length(rtrim($1, ' ')) > $2 - 4 then
    raise exception 'value too long for type character varying(%)', $2 - 4 using errcode = '22001';
  end if;
  cut := left(cut, $2 - 4);
  while octet_length(cut) > $2 - 4 loop
    cut := left(cut, -1);
  end loop;
  return cut;
end $$;
update pg_catalog.pg_cast set castfunc = 'pg_catalog.rs_varchar(varchar, int, bool)'::regprocedure
where castsource = 'varchar'::regtype and casttarget = 'varchar'::regtype;
