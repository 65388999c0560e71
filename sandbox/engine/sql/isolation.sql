-- The level of the database, and what a snapshot does not hold.

-- https://docs.aws.amazon.com/redshift/latest/dg/r_STV_DB_ISOLATION_LEVEL.html
create view pg_catalog.stv_db_isolation_level as
select d.datname::char(128) as db_name,
  (case when 'default_transaction_isolation=serializable' = any (s.setconfig) then 'Serializable'
    else 'Snapshot Isolation' end)::char(20) as isolation_level
from pg_catalog.pg_database d
left join pg_catalog.pg_db_role_setting s on s.setdatabase = d.oid and s.setrole = 0
where d.datname = current_database();
grant select on pg_catalog.stv_db_isolation_level to public;

-- A table made by another transaction since does not exist for this one.
-- https://docs.aws.amazon.com/redshift/latest/dg/c_serial_isolation-serializable-isolation-troubleshooting.html
create function pg_catalog.rs_check_snapshot(tables text[]) returns void
  language plpgsql stable as $$
begin
  if exists (
    select from unnest(tables) as given
    where to_regclass(given) is not null
      and not exists (select from pg_catalog.pg_class c where c.oid = to_regclass(given))
  ) then
    raise exception '1018' using errcode = 'XX000', detail = 'Relation does not exist';
  end if;
end $$;
