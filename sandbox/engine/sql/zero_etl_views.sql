-- What Redshift tells of integrations and of the states of their tables.

create function pg_catalog.rs_replica_rows(p_table text) returns bigint
  language plpgsql stable security definer set search_path = pg_catalog as $$
declare
  found_rows bigint;
begin
  execute format('select count(*) from zero_etl_storage.%I', p_table) into found_rows;
  return found_rows;
end $$;

create function pg_catalog.rs_replica_megabytes(p_table text) returns bigint
  language sql stable security definer set search_path = pg_catalog as $$
  select ceil(pg_total_relation_size(format('zero_etl_storage.%I', p_table)::regclass) / 1048576.0)::bigint $$;

-- Both are visible to superusers and to whom they are granted.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_INTEGRATION_TABLE_STATE.html
create view pg_catalog.svv_integration_table_state as
select integration_id::char(128) as integration_id, database::char(128) as target_database,
  'public'::char(128) as schema_name, table_name::char(128) as table_name, table_state::char(128) as table_state,
  ('{"write_time_micros":' || checkpoint || '}')::char(128) as table_last_replicated_checkpoint,
  coalesce(reason, '')::char(256) as reason, updated_at as last_updated_timestamp,
  pg_catalog.rs_replica_rows(table_name) as table_rows,
  pg_catalog.rs_replica_megabytes(table_name) as table_size,
  is_history_mode
from pg_catalog.rs_integration;

-- What it says of the source of an integration with DynamoDB is not documented. The lag is the time since the last load.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_INTEGRATION.html
create view pg_catalog.svv_integration as
select integration_id::char(128) as integration_id, database::char(128) as target_database,
  'DynamoDB'::char(128) as source, 'CdcRefreshState'::char(128) as state,
  (extract(epoch from (now() at time zone 'UTC') - loaded_at) * 1000)::bigint as current_lag,
  ('{"write_time_micros":' || checkpoint || '}')::char(128) as last_replicated_checkpoint,
  (table_state = 'Synced')::int as total_tables_replicated, (table_state = 'Failed')::int as total_tables_failed,
  created_at as creation_time, refresh_interval, null::char(128) as source_database, is_history_mode
from pg_catalog.rs_integration;

-- The grant that docs/setup-aws.md asks an administrator for.
-- https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html
grant select on pg_catalog.svv_integration_table_state to deployer;
