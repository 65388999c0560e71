-- Redshift keeps the least and the greatest value per column and block of 1 MB, and skips blocks that cannot match.
-- Here every permanent table of a user has one BRIN index that does so over its columns of days, times and integers.
-- https://docs.aws.amazon.com/redshift/latest/dg/t_Sorting_data.html
create function pg_catalog.rs_keep_zones(place oid) returns void
  language plpgsql set search_path = pg_catalog as $$
declare
  name text := 'rs_zones_' || place;
  wanted text := (
    select string_agg(a.attnum::text, ' ' order by a.attnum)
    from (select attnum from pg_attribute
      where attrelid = place and attnum > 0 and not attisdropped
        and atttypid in ('date'::regtype, 'timestamp'::regtype, 'int2'::regtype, 'int4'::regtype, 'int8'::regtype)
      order by attnum limit 32) a);
  present record;
begin
  select i.indexrelid::regclass as zones, i.indkey::text as columns into present
  from pg_index i join pg_class c on c.oid = i.indexrelid
  where i.indrelid = place and c.relname = name;
  if present.columns is not distinct from wanted then
    return;
  end if;
  if present.columns is not null then
    execute format('drop index %s', present.zones);
  end if;
  if wanted is not null then
    execute format('create index %I on %s using brin (%s) with (pages_per_range = 128)', name, place::regclass,
      (select string_agg(quote_ident(attname), ', ' order by attnum) from pg_attribute
        where attrelid = place and attnum = any (string_to_array(wanted, ' ')::int2[])));
  end if;
end $$;

-- The sort key of a table that has one; its columns by number, so that they may be renamed.
create table pg_catalog.rs_sort_key (place oid primary key, columns int2[] not null);

-- The dialect writes the SORTKEY of CREATE TABLE into a comment of the statement.
create function pg_catalog.rs_note_sort_key(made oid) returns void
  language sql set search_path = pg_catalog as $$
  insert into rs_sort_key
  select made, array_agg(a.attnum order by k.at)
  from regexp_matches(current_query(), '/\*rs_sort_key ((?:"(?:[^"]|"")+"\.?)+)\*/', 'g') as noted(said)
  cross join parse_ident(noted.said[1]) as n(names)
  join pg_class c on c.oid = made and c.relname = n.names[1]
  cross join unnest(n.names[2:]) with ordinality as k(name, at)
  join pg_attribute a on a.attrelid = made and a.attname = k.name
  having count(*) > 0
  on conflict (place) do update set columns = excluded.columns $$;

-- The sort key of a replica is not documented, so what the service itself makes (owner 10) has no zones.
create function pg_catalog.rs_store_table() returns event_trigger
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  made oid;
begin
  for made in
    select distinct c.oid
    from pg_event_trigger_ddl_commands() d
    join pg_class c on c.oid = d.objid and d.classid = 'pg_class'::regclass
    where c.relkind = 'r' and c.relpersistence = 'p' and c.relowner <> 10
  loop
    if tg_tag <> 'ALTER TABLE' then
      perform rs_note_sort_key(made);
    end if;
    perform rs_keep_zones(made);
  end loop;
end $$;
create event trigger rs_store_table on ddl_command_end
  when tag in ('CREATE TABLE', 'CREATE TABLE AS', 'ALTER TABLE') execute function pg_catalog.rs_store_table();

-- Rows in the order of the sort key (or as they lie), without the dead ones, and zones of what is there.
create function pg_catalog.rs_sort_rows(place regclass) returns void
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  name text := 'rs_sorted_' || place::oid;
  columns text := (
    select string_agg(
      format(case when a.atttypid = 'varchar'::regtype then 'left(%I, 200)' else '%I' end, a.attname), ', ' order by k.at)
    from rs_sort_key s
    cross join unnest(s.columns) with ordinality as k(attnum, at)
    join pg_attribute a on a.attrelid = s.place and a.attnum = k.attnum and not a.attisdropped
    where s.place = rs_sort_rows.place);
begin
  if not (select pg_has_role(session_user, c.relowner, 'usage') from pg_class c where c.oid = place) then
    raise exception 'must be owner of relation %', place using errcode = '42501';
  end if;
  execute format('create index %I on %s (%s)', name, place, coalesce(columns, '(0)'));
  execute format('cluster %s using %I', place, name);
  execute format('drop index %s', (select c.oid::regclass from pg_class c join pg_index i on i.indexrelid = c.oid
    where i.indrelid = place and c.relname = name));
  execute format('analyze %s', place);
end $$;

-- COMMIT fails where VACUUM would: in a transaction block.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_VACUUM_command.html
create procedure pg_catalog.rs_vacuum(place regclass default null)
  language plpgsql as $$
declare
  table_oid regclass;
begin
  commit;
  for table_oid in
    select c.oid
    from pg_catalog.pg_class c
    where c.relkind = 'r' and c.relowner <> 10 and c.relpersistence = 'p'
      and case when place is null then pg_catalog.pg_has_role(c.relowner, 'usage') else c.oid = place end
  loop
    perform pg_catalog.rs_sort_rows(table_oid);
    commit;
  end loop;
end $$;
