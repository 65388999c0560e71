-- Aggregates and rounding. https://docs.aws.amazon.com/redshift/latest/dg/c_Aggregate_Functions.html

-- AVG keeps the scale of its argument, so that of whole numbers is whole.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_AVG.html
create function pg_catalog.rs_avg_whole(int8[]) returns int8
  language sql immutable strict parallel safe as $$ select $1[2] / nullif($1[1], 0) $$;
create aggregate pg_catalog.rs_avg(int2) (
  sfunc = int2_avg_accum, stype = int8[], finalfunc = rs_avg_whole, initcond = '{0,0}');
create aggregate pg_catalog.rs_avg(int4) (
  sfunc = int4_avg_accum, stype = int8[], finalfunc = rs_avg_whole, initcond = '{0,0}');

create function pg_catalog.rs_avg_add(numeric[], numeric) returns numeric[]
  language plpgsql immutable strict parallel safe as $$ begin return array[$1[1] + 1, $1[2] + $2]; end $$;
create function pg_catalog.rs_avg_add(numeric[], int8) returns numeric[]
  language plpgsql immutable strict parallel safe as $$ begin return array[$1[1] + 1, $1[2] + $2]; end $$;
create function pg_catalog.rs_avg_decimal(numeric[]) returns numeric
  language sql immutable strict parallel safe as $$ select trunc($1[2] / nullif($1[1], 0), scale($1[2])) $$;
create function pg_catalog.rs_avg_bigint(numeric[]) returns int8
  language sql immutable strict parallel safe as $$ select div($1[2], nullif($1[1], 0))::int8 $$;
create aggregate pg_catalog.rs_avg(int8) (
  sfunc = rs_avg_add, stype = numeric[], finalfunc = rs_avg_bigint, initcond = '{0,0}');
create aggregate pg_catalog.rs_avg(numeric) (
  sfunc = rs_avg_add, stype = numeric[], finalfunc = rs_avg_decimal, initcond = '{0,0}');
create aggregate pg_catalog.rs_avg(float4) (
  sfunc = float4_accum, stype = float8[], finalfunc = float8_avg, initcond = '{0,0,0}');
create aggregate pg_catalog.rs_avg(float8) (
  sfunc = float8_accum, stype = float8[], finalfunc = float8_avg, initcond = '{0,0,0}');

-- Double precision, whatever the argument. https://docs.aws.amazon.com/redshift/latest/dg/r_STDDEV_functions.html
do $do$
declare
  made record;
begin
  for made in
    select * from (values
      ('stddev', 'stddev_samp'), ('stddev_samp', 'stddev_samp'), ('stddev_pop', 'stddev_pop'),
      ('variance', 'var_samp'), ('var_samp', 'var_samp'), ('var_pop', 'var_pop')) x (name, result)
  loop
    execute format('create aggregate pg_catalog.rs_%s(float8) (sfunc = float8_accum, stype = float8[], '
      'finalfunc = float8_%s, initcond = ''{0,0,0}'')', made.name, made.result);
  end loop;
end $do$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_LISTAGG.html
create function pg_catalog.rs_listagg_add(text, anyelement, text) returns text
  language plpgsql immutable parallel safe as $$
begin
  if $2 is null or $2::text = '' then
    return $1;
  elsif octet_length($1) + octet_length($2::text) > 65535 then
    raise exception 'Result size exceeds LISTAGG limit' using errcode = '54000';
  end if;
  return coalesce($1 || coalesce($3, ''), '') || $2::text;
end $$;
create aggregate pg_catalog.listagg(anyelement, text) (sfunc = rs_listagg_add, stype = text);

-- https://docs.aws.amazon.com/redshift/latest/dg/r_MEDIAN.html
create function pg_catalog.rs_middle(anycompatiblearray) returns anycompatible
  language sql immutable strict parallel safe as $$
  select avg(v) from (select v, row_number() over (order by v) r, count(*) over () c from unnest($1) v
    where v is not null) x where r in ((c + 1) / 2, (c + 2) / 2) $$;
create aggregate pg_catalog.median(numeric) (
  sfunc = array_append, stype = numeric[], finalfunc = rs_middle, initcond = '{}');
create aggregate pg_catalog.median(float8) (
  sfunc = array_append, stype = float8[], finalfunc = rs_middle, initcond = '{}');

-- Numbers PostgreSQL rounds only as DECIMAL. https://docs.aws.amazon.com/redshift/latest/dg/r_ROUND.html
create function pg_catalog.round(float8, int) returns float8
  language sql immutable parallel safe as $$ select round($1::numeric, $2)::float8 $$;
create function pg_catalog.round(int4) returns numeric
  language sql immutable parallel safe as $$ select $1::numeric $$;
create function pg_catalog.round(int8) returns numeric
  language sql immutable parallel safe as $$ select $1::numeric $$;
create function pg_catalog.trunc(float8, int) returns float8
  language sql immutable parallel safe as $$ select trunc($1::numeric, $2)::float8 $$;
