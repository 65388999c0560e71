-- The users every sandbox has, and what PostgreSQL would allow everybody but Redshift or this project does not.
create user admin superuser password :'admin_password';
create user deployer createrole password :'deployer_password';
create user scheduler password :'scheduler_password';
create user quick password :'quick_password';
grant create on database dev to deployer;
revoke create on schema public from public;

-- The proxy takes a statement's locks before the statement has its snapshot (sandbox/wire/locks.py). A session may
-- become this role for that, which nobody else can ask for: SET ROLE is refused.
create role rs_locker superuser nologin;
create function pg_catalog.rs_may_lock() returns void
  language plpgsql security definer set search_path = pg_catalog as $$
begin
  if not pg_has_role(session_user, 'rs_locker', 'set') then
    perform pg_advisory_xact_lock('rs_locker'::regrole::oid::int);
    execute format('grant rs_locker to %I with inherit false, set true', session_user);
  end if;
end $$;

-- Sessions start as the workgroup setting that Zero-ETL needs makes them.
-- https://docs.aws.amazon.com/redshift/latest/mgmt/zero-etl-using.html
alter database dev set rs.enable_case_sensitive_identifier = 'on';
alter database dev set rs.enable_case_sensitive_super_attribute = 'off';

-- The service that replicates is outside of this database's level; what waits for its turn sees the turn before.
alter role rdsdb in database dev set default_transaction_isolation = 'read committed';

-- Only its owner may call a new procedure.
-- https://docs.aws.amazon.com/redshift/latest/dg/stored-procedure-security-and-privileges.html
create function pg_catalog.rs_close_procedure() returns event_trigger
  language plpgsql as $$
declare
  made record;
begin
  for made in
    select c.object_identity
    from pg_event_trigger_ddl_commands() c
    join pg_catalog.pg_proc p on p.oid = c.objid
    where c.object_type = 'procedure' and p.proacl is null
  loop
    execute format('revoke execute on procedure %s from public', made.object_identity);
  end loop;
end $$;
create event trigger rs_close_procedure on ddl_command_end
  when tag in ('CREATE PROCEDURE') execute function pg_catalog.rs_close_procedure();
