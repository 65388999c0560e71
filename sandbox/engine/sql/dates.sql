-- Dates and times. https://docs.aws.amazon.com/redshift/latest/dg/Date_functions_header.html
-- Each function has one overload for TIMESTAMP, so that a bare literal is one; dates become one by themselves.

-- Whole seconds, fixed for the statement. https://docs.aws.amazon.com/redshift/latest/dg/r_GETDATE.html
create function pg_catalog.getdate() returns timestamp
  language sql stable parallel safe as $$ select date_trunc('second', statement_timestamp()::timestamp) $$;
-- A procedure's statements are statements too, of which PostgreSQL knows the CALL alone; in a subquery it is asked
-- once for each.
create function pg_catalog.rs_now() returns timestamp
  language sql volatile as $$ select date_trunc('second', clock_timestamp()::timestamp) $$;
-- Fixed for the transaction. https://docs.aws.amazon.com/redshift/latest/dg/r_SYSDATE.html
create function pg_catalog.rs_sysdate() returns timestamp
  language sql stable parallel safe as $$ select transaction_timestamp()::timestamp $$;

-- Of a constant part PostgreSQL asks once, when it plans; so an addition costs no call for each row.
create function pg_catalog.rs_one(part text) returns interval
  language sql immutable strict parallel safe as
  $$ select (case part when 'quarter' then '3 months' else '1 ' || part end)::interval $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_DATEADD_function.html
create function pg_catalog.dateadd(text, bigint, timestamp) returns timestamp
  language sql immutable parallel safe as $$ select $3 + $2 * pg_catalog.rs_one($1) $$;
-- A year after 29 February is 1 March, twelve months after it 28 February (the same page).
create function pg_catalog.rs_add_years(text, bigint, timestamp) returns timestamp
  language sql immutable parallel safe as $$
  select pg_catalog.dateadd($1, $2, $3)
    + case
        when extract(day from $3) = 29 and extract(day from pg_catalog.dateadd($1, $2, $3)) = 28
          then interval '1 day' else interval '0'
      end $$;

-- The number of the part that a moment lies in, counted from a fixed one; DATEDIFF counts the boundaries
-- between two. The page does not name the day a week begins with: Sunday, as dbt's own tests allow.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_DATEDIFF_function.html
create function pg_catalog.rs_part_number(text, timestamp) returns bigint
  language sql immutable parallel safe as $$
  select case $1
    when 'day' then $2::date - date '1970-01-01'
    when 'week' then floor(($2::date - date '1970-01-04') / 7.0)
    when 'month' then extract(year from $2) * 12 + extract(month from $2)
    when 'quarter' then extract(year from $2) * 4 + extract(quarter from $2)
    when 'year' then extract(year from $2)
    when 'decade' then extract(decade from $2)
    when 'century' then extract(century from $2)
    when 'millennium' then extract(millennium from $2)
    when 'hour' then floor(extract(epoch from $2) / 3600)
    when 'minute' then floor(extract(epoch from $2) / 60)
    when 'second' then floor(extract(epoch from $2))
    when 'millisecond' then floor(extract(epoch from $2) * 1000)
    when 'microsecond' then extract(epoch from $2) * 1000000
  end::bigint $$;
create function pg_catalog.datediff(text, timestamp, timestamp) returns bigint
  language sql immutable parallel safe as
  $$ select pg_catalog.rs_part_number($1, $3) - pg_catalog.rs_part_number($1, $2) $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_LAST_DAY.html
create function pg_catalog.last_day(timestamp) returns date
  language sql immutable parallel safe as
  $$ select (date_trunc('month', $1) + interval '1 month' - interval '1 day')::date $$;
-- The last day of a month leads to the last day of a month.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_ADD_MONTHS.html
create function pg_catalog.add_months(timestamp, int) returns timestamp
  language sql immutable parallel safe as $$
  select case
    when $1::date = pg_catalog.last_day($1)
      then pg_catalog.last_day($1 + make_interval(months => $2)) + $1::time
    else $1 + make_interval(months => $2)
  end $$;
-- A month has 31 days; the same day, or two last days, make it whole.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_MONTHS_BETWEEN_function.html
create function pg_catalog.months_between(timestamp, timestamp) returns float8
  language sql immutable parallel safe as $$
  select pg_catalog.datediff('month', $2, $1)
    + case
        when extract(day from $1) = extract(day from $2) then 0
        when $1::date = pg_catalog.last_day($1) and $2::date = pg_catalog.last_day($2) then 0
        else (extract(epoch from $1 - date_trunc('month', $1)) - extract(epoch from $2 - date_trunc('month', $2)))
          / (31 * 86400)
      end::float8 $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_DATE_PART_function.html
create function pg_catalog.rs_date_part(text, timestamp) returns float8
  language internal immutable strict parallel safe as 'timestamp_part';
create function pg_catalog.rs_date_part(text, timestamptz) returns float8
  language internal stable strict parallel safe as 'timestamptz_part';
-- https://docs.aws.amazon.com/redshift/latest/dg/r_EXTRACT_function.html
create function pg_catalog.rs_extract(text, timestamp) returns int
  language sql immutable parallel safe as $$ select trunc(pg_catalog.rs_date_part($1, $2))::int $$;
create function pg_catalog.rs_extract(text, date) returns int
  language sql immutable parallel safe as $$ select pg_catalog.rs_extract($1, $2::timestamp) $$;
create function pg_catalog.rs_extract(text, timestamptz) returns float8
  language internal stable strict parallel safe as 'timestamptz_part';
create function pg_catalog.rs_extract(text, interval) returns int
  language sql immutable parallel safe as $$ select trunc(date_part($1, $2))::int $$;

-- PostgreSQL would make a date a TIMESTAMPTZ. https://docs.aws.amazon.com/redshift/latest/dg/r_DATE_TRUNC.html
create function pg_catalog.date_trunc(text, date) returns timestamp
  language sql immutable parallel safe as $$ select date_trunc($1, $2::timestamp) $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_TRUNC.html
create function pg_catalog.trunc(timestamp) returns date
  language sql immutable parallel safe as $$ select $1::date $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/CONVERT_TIMEZONE.html
create function pg_catalog.convert_timezone(text, timestamp) returns timestamp
  language sql immutable parallel safe as $$ select ($2 at time zone 'UTC') at time zone $1 $$;
create function pg_catalog.convert_timezone(text, text, timestamp) returns timestamp
  language sql immutable parallel safe as $$ select ($3 at time zone $1) at time zone $2 $$;

-- Days and months that a month or year does not have run over into the next.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_TO_DATE_function.html
create function pg_catalog.rs_to_date(text, text, bool default false) returns date
  language plpgsql immutable strict parallel safe as $$
declare
  day_at int := strpos(upper($2), 'DD');
  month_at int := strpos(upper($2), 'MM');
begin
  return to_date($1, $2);
exception when datetime_field_overflow then
  if $3 or length($1) <> length($2) or 0 in (day_at, month_at) then
    raise;
  end if;
  return to_date(overlay(overlay($1 placing '01' from day_at) placing '01' from month_at), $2)
    + make_interval(months => substr($1, month_at, 2)::int - 1)
    + make_interval(days => substr($1, day_at, 2)::int - 1);
end $$;
