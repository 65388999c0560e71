-- Zero-ETL integrations: their settings, the states of their tables, history mode.
-- A replica is a view over a table that only the service writes, so that a change of its state needs no lock.

-- What the replicas hold, and per item the time of its last write, deletions included.
create schema zero_etl_storage;
create schema zero_etl_service;

-- One row per integration: one of DynamoDB replicates one table into one database.
-- https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl.reqs-lims.html
create table pg_catalog.rs_integration (
  database text primary key,
  table_name text not null,
  integration_id text not null default gen_random_uuid()::text,
  owner text not null default 'admin',
  created_at timestamp not null default (now() at time zone 'UTC'),
  refresh_interval int not null default 900,
  query_all_states bool not null default false,
  is_history_mode bool not null default false,
  -- Counts the tables that history mode put under the replica, one after the other.
  generation int not null default 1,
  table_state text not null default 'Synced' check (table_state in
    ('Synced', 'Failed', 'Deleted', 'ResyncRequired', 'ResyncInitiated', 'DroppedSource')),
  reason text,
  updated_at timestamp not null default (now() at time zone 'UTC'),
  loaded_at timestamp,
  checkpoint bigint
);

-- Asked once per scan of a replica, under the snapshot of the statement. A dropped source may still be queried.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
create function pg_catalog.rs_readable(p_database text, p_generation int) returns bool
  language plpgsql stable parallel safe security definer set search_path = pg_catalog as $$
declare
  it pg_catalog.rs_integration;
begin
  select * into it from pg_catalog.rs_integration i where i.database = p_database;
  -- To a snapshot from before the change of mode the new table would seem empty.
  if it.generation <> p_generation then
    raise exception 'could not complete because of conflict with concurrent transaction' using errcode = 'XX000';
  elsif it.table_state in ('Synced', 'DroppedSource')
    or it.query_all_states and it.table_state in ('Failed', 'ResyncRequired', 'ResyncInitiated') then
    return true;
  end if;
  raise exception 'table "%" of database "%" cannot be queried: its state is %, not Synced',
    it.table_name, p_database, it.table_state
    using errcode = '55000', hint = 'wait until it is resynchronised, or set QUERY_ALL_STATES';
end $$;

-- Only the service writes; of a table in history mode its inactive rows may be deleted.
-- https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl.reqs-lims.html
create function pg_catalog.rs_guard_replica() returns trigger
  language plpgsql as $$
begin
  if session_user <> 'rdsdb' and not (tg_op = 'DELETE' and tg_argv[0] = 'history') then
    raise exception 'the destination database of a zero-ETL integration is read-only' using errcode = '42501',
      hint = 'its source alone changes it; of a table in history mode inactive rows may be deleted';
  end if;
  return null;
end $$;

-- A row may go about ten minutes after it became inactive; whatever else is named just stays.
create function pg_catalog.rs_keep_active() returns trigger
  language plpgsql as $$
begin
  if session_user <> 'rdsdb'
    and (old._record_is_active or old._record_delete_time > (now() at time zone 'UTC') - interval '10 minutes') then
    return null;
  end if;
  return old;
end $$;

-- The replica over its storage, as it is now, with the rights that go with it.
create function pg_catalog.rs_show_replica(p_database text) returns void
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  it pg_catalog.rs_integration;
  place text := p_database || '.public';
begin
  select * into strict it from pg_catalog.rs_integration i where i.database = p_database;
  execute format('create or replace view %I.%I as select * from zero_etl_storage.%I '
    'where pg_catalog.rs_readable(%L, %s)', place, it.table_name, it.table_name, p_database, it.generation);
  execute format('grant select on %I.%I to deployer', place, it.table_name);
  execute format('create or replace trigger rs_guard before insert or update or delete or truncate '
    'on zero_etl_storage.%I for each statement execute function pg_catalog.rs_guard_replica(%L)',
    it.table_name, case when it.is_history_mode then 'history' end);
  if it.is_history_mode then
    execute format('create or replace trigger rs_keep_active before delete on zero_etl_storage.%I '
      'for each row execute function pg_catalog.rs_keep_active()', it.table_name);
  end if;
end $$;

-- The time of a write; what has none is as old as its load.
create function pg_catalog.rs_write_time(micros bigint) returns timestamp
  language sql stable parallel safe as $$
  select coalesce(timestamp 'epoch' + nullif($1, 0) * interval '1 microsecond', now() at time zone 'UTC') $$;

create function pg_catalog.rs_columns(place text) returns text
  language sql stable as $$
  select string_agg(quote_ident(attname), ', ' order by attnum)
  from pg_catalog.pg_attribute where attrelid = $1::regclass and attnum > 0 and not attisdropped $$;

-- What is there becomes the active rows, each from its last write on.
-- https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-history-mode.html
create function pg_catalog.rs_history_on(storage text, writes text, later text) returns void
  language plpgsql as $$
declare
  columns text := pg_catalog.rs_columns(storage);
begin
  execute format('alter table %s add column _record_is_active bool, add column _record_create_time timestamp, '
    'add column _record_delete_time timestamp', later);
  execute format('insert into %s select %s, true, pg_catalog.rs_write_time(micros), null from %s join %s using (%s)',
    later, columns, storage, writes, replace(pg_catalog.rs_columns(writes), ', micros', ''));
end $$;

-- The active rows stay under the table's name, all of history under another.
create function pg_catalog.rs_history_off(place text, p_table text, p_owner text, later text) returns void
  language plpgsql as $$
declare
  storage text := format('zero_etl_storage.%I', p_table);
  kept text := p_table || '_historical_' || to_char(now() at time zone 'UTC', 'YYYYMMDDHH24MISS');
begin
  if octet_length(kept) > 63 then
    raise exception 'identifier "%" is longer than 63 bytes (this stand-in)', kept using errcode = '0A000';
  end if;
  execute format('alter table %s drop column _record_is_active, drop column _record_create_time, '
    'drop column _record_delete_time', later);
  execute format('insert into %s select %s from %s where _record_is_active', later,
    pg_catalog.rs_columns(later), storage);
  execute format('drop view %I.%I cascade', place, p_table);
  execute format('drop trigger rs_guard on %s', storage);
  execute format('drop trigger rs_keep_active on %s', storage);
  execute format('alter table %s rename to %I', storage, kept);
  execute format('alter table zero_etl_storage.%I set schema %I', kept, place);
  execute format('grant select on %I.%I to deployer', place, kept);
  execute format('alter table %I.%I owner to %I', place, kept, p_owner);
end $$;

-- Only tables that are Synced change.
create function pg_catalog.rs_set_history(p_database text, p_on bool) returns void
  language plpgsql as $$
declare
  it pg_catalog.rs_integration;
  storage text;
  writes text;
  later text;
begin
  -- A load holds it until it ends, and only then changes the row of the integration.
  execute (select format('lock table zero_etl_service.%I in exclusive mode', table_name)
    from pg_catalog.rs_integration i where i.database = p_database);
  select * into it from pg_catalog.rs_integration i where i.database = p_database;
  if it.is_history_mode = p_on then
    return;
  end if;
  if it.table_state <> 'Synced' then
    raise exception 'history mode of table "%" cannot be changed: its state is %, not Synced',
      it.table_name, it.table_state using errcode = '55000';
  end if;
  storage := format('zero_etl_storage.%I', it.table_name);
  writes := format('zero_etl_service.%I', it.table_name);
  later := format('zero_etl_storage.%I', 'rs ' || md5(it.table_name));
  execute format('create table %s (like %s)', later, storage);
  if p_on then
    perform pg_catalog.rs_history_on(storage, writes, later);
    -- The view lets go of the old table before that goes.
    execute format('create or replace view %I.%I as select * from %s', p_database || '.public', it.table_name, later);
    execute format('drop table %s', storage);
  else
    perform pg_catalog.rs_history_off(p_database || '.public', it.table_name, it.owner, later);
  end if;
  execute format('alter table %s rename to %I', later, it.table_name);
  update pg_catalog.rs_integration i set is_history_mode = p_on, generation = generation + 1,
    updated_at = now() at time zone 'UTC'
  where i.database = p_database;
  perform pg_catalog.rs_show_replica(p_database);
end $$;

-- ALTER DATABASE .. INTEGRATION SET of one option for some tables, or REFRESH.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_DATABASE.html
create function pg_catalog.rs_alter_integration_now(p_database text, p_option text, p_value text, p_tables text[])
  returns void
  language plpgsql security definer set search_path = pg_catalog as $$
declare
  it pg_catalog.rs_integration;
  stranger text;
begin
  select * into it from pg_catalog.rs_integration i where i.database = p_database;
  if it.database is null then
    raise exception 'database "%" is not the destination of a zero-ETL integration', p_database using errcode = '3D000';
  elsif session_user <> it.owner and not (select rolsuper from pg_catalog.pg_roles where rolname = session_user) then
    raise exception 'must be owner of database %', p_database using errcode = '42501';
  end if;
  select one into stranger from unnest(p_tables) one where one not in ('public', 'public.' || it.table_name);
  if stranger is not null then
    raise exception 'relation "%" does not exist in the integration of database "%"', stranger, p_database
      using errcode = '42P01';
  end if;
  case p_option
    when 'history_mode' then perform pg_catalog.rs_set_history(p_database, p_value::bool);
    when 'query_all_states' then
      update pg_catalog.rs_integration i set query_all_states = p_value::bool where i.database = p_database;
    when 'refresh_interval' then
      update pg_catalog.rs_integration i set refresh_interval = p_value::int where i.database = p_database;
    when 'refresh' then
      if p_value = 'all' and it.table_state not in ('Deleted', 'DroppedSource')
        or it.table_state in ('Failed', 'ResyncRequired') then
        perform pg_catalog.rs_set_state(p_database, 'ResyncInitiated', 'requested by ALTER DATABASE');
      end if;
  end case;
end $$;

create function pg_catalog.rs_set_state(p_database text, p_state text, p_reason text) returns void
  language sql as $$
  update pg_catalog.rs_integration
  set table_state = $2, reason = $3, updated_at = now() at time zone 'UTC'
  where database = $1 $$;

-- The COMMIT fails in a transaction block, where nobody says that this statement may stand.
create procedure pg_catalog.rs_alter_integration(p_database text, p_options jsonb)
  language plpgsql as $$
declare
  step jsonb;
begin
  commit;
  -- What a load commits that it waited for, it must see.
  set transaction isolation level read committed;
  for step in select * from jsonb_array_elements(p_options) loop
    perform pg_catalog.rs_alter_integration_now(p_database, step ->> 'option', step ->> 'value',
      array(select jsonb_array_elements_text(step -> 'tables')));
  end loop;
end $$;
grant execute on procedure pg_catalog.rs_alter_integration(text, jsonb) to public;
