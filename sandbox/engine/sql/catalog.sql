-- The system views that dbt-redshift and this project read.
-- https://docs.aws.amazon.com/redshift/latest/dg/c_intro_system_views.html

-- Late-binding views are plain views here, and stand among the others.
-- https://docs.aws.amazon.com/redshift/latest/dg/PG_GET_LATE_BINDING_VIEW_COLS.html
create function pg_catalog.pg_get_late_binding_view_cols() returns setof record
  language plpgsql stable as $$ begin return; end $$;

create view pg_catalog.svv_external_columns as
select ''::text as schemaname, ''::text as tablename, ''::text as columnname, ''::text as external_type,
  0 as columnnum, 0 as part_key, ''::text as is_nullable
where false;

create view pg_catalog.sys_query_detail as
select 0::bigint as query_id, 0::oid as table_id, ''::text as table_name, ''::text as step_name,
  null::timestamp as start_time, null::timestamp as end_time
where false;

-- Visible to superusers unless granted. https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TABLE_INFO.html
create view pg_catalog.svv_table_info as
select current_database()::text as "database", n.nspname::text as "schema", c.oid::int as table_id,
  c.relname::text as "table", 'N'::text as encoded, 'AUTO(EVEN)'::text as diststyle, null::text as sortkey1,
  (select max(a.atttypmod) - 4 from pg_catalog.pg_attribute a
    where a.attrelid = c.oid and a.atttypid = 'varchar'::regtype) as max_varchar,
  null::text as sortkey1_enc, 0 as sortkey_num,
  ceil(pg_total_relation_size(c.oid) / 1048576.0)::bigint as size, 0::numeric(10, 4) as pct_used, 0::bigint as empty,
  null::numeric(5, 2) as unsorted, 0::numeric(5, 2) as stats_off, greatest(c.reltuples, 0)::numeric(38, 0) as tbl_rows,
  null::numeric(19, 2) as skew_sortkey1, null::numeric(19, 2) as skew_rows
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
where c.relkind = 'r' and n.nspname not like 'pg\_%'
  and n.nspname not in ('information_schema', 'zero_etl_service', 'zero_etl_storage');

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_REDSHIFT_COLUMNS.html
create view pg_catalog.svv_redshift_columns as
select current_database()::text as database_name, n.nspname::text as schema_name, c.relname::text as table_name,
  a.attname::text as column_name, a.attnum::int as ordinal_position,
  format_type(a.atttypid, a.atttypmod) as data_type, null::text as column_default,
  case when a.attnotnull then 'NO' else 'YES' end as is_nullable, ''::text as encoding, false as distkey, 0 as sortkey,
  array_to_string(a.attacl, ',') as column_acl, coalesce(col_description(c.oid, a.attnum), '') as remarks
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
join pg_catalog.pg_attribute a on a.attrelid = c.oid
where c.relkind in ('r', 'v') and a.attnum > 0 and not a.attisdropped and has_column_privilege(c.oid, a.attnum, 'SELECT');

-- Who is a role and who a user: a role cannot log in.
create view pg_catalog.rs_identity as
select r.oid, r.rolname::text as name, case when r.rolcanlogin then 'user' else 'role' end as kind
from pg_catalog.pg_roles r
union all
select 0, 'public', 'public';
-- An ordinary user sees the roles he was granted or made.
create function pg_catalog.rs_sees(oid) returns bool
  language sql stable as $$
  select (select rolsuper or oid = $1 from pg_catalog.pg_roles where rolname = current_user)
    or exists (select 1 from pg_catalog.pg_auth_members m
      where m.roleid = $1 and pg_has_role(current_user, m.member, 'member')) $$;

-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_ROLES.html
create view pg_catalog.svv_roles as
select i.oid::int as role_id, i.name as role_name,
  coalesce((select g.name from pg_catalog.pg_auth_members m join pg_catalog.rs_identity g on g.oid = m.member
    where m.roleid = i.oid and m.admin_option order by m.oid limit 1), 'rdsdb') as role_owner,
  null::text as external_id
from pg_catalog.rs_identity i
where i.kind = 'role' and i.name not like 'pg\_%' and i.name <> 'rs_locker' and pg_catalog.rs_sees(i.oid);
-- Makes a user the owner of a role: what the owner before granted is the new one's grant.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_ALTER_ROLE.html
create function pg_catalog.rs_give_role(given name, taker name) returns void
  language plpgsql as $$
declare
  before name := (select role_owner from pg_catalog.svv_roles where role_name = given);
  m record;
begin
  if before = taker then return; end if;
  execute format('grant %I to %I with admin true, inherit false, set false', given, taker);
  for m in
    select member::regrole::text as who, admin_option, inherit_option, set_option
    from pg_catalog.pg_auth_members
    where roleid = quote_ident(given)::regrole and grantor = quote_ident(before)::regrole
  loop
    execute format('grant %I to %s with admin %s, inherit %s, set %s granted by %I',
      given, m.who, m.admin_option::text, m.inherit_option::text, m.set_option::text, taker);
    execute format('revoke %I from %s granted by %I', given, m.who, before);
  end loop;
  if before <> 'rdsdb' then execute format('revoke %I from %I', given, before); end if;
end $$;
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_USER_GRANTS.html
create view pg_catalog.svv_user_grants as
select u.oid::int as user_id, u.name as user_name, r.oid::int as role_id, r.name as role_name,
  m.admin_option
from pg_catalog.pg_auth_members m
join pg_catalog.rs_identity u on u.oid = m.member and u.kind = 'user'
join pg_catalog.rs_identity r on r.oid = m.roleid and r.kind = 'role'
where m.inherit_option and (pg_catalog.rs_sees(r.oid) or pg_catalog.rs_sees(u.oid));

grant select on pg_catalog.svv_external_columns, pg_catalog.sys_query_detail, pg_catalog.svv_redshift_columns,
  pg_catalog.svv_roles, pg_catalog.svv_user_grants to public;

-- Who may see what others do: superusers, and users with SYSLOG ACCESS UNRESTRICTED.
-- https://docs.aws.amazon.com/redshift/latest/dg/cm_chap_system-tables.html#c_visibility-of-data
create table pg_catalog.rs_unrestricted (usename name primary key);
create function pg_catalog.rs_sees_work_of(viewer name, worker name) returns bool
  language sql stable security definer set search_path = pg_catalog as $$
  select worker = viewer or exists (select 1 from pg_roles where rolname = viewer and rolsuper)
    or exists (select 1 from rs_unrestricted where usename = viewer) $$;
create function pg_catalog.rs_syslog_access(given name, everything bool) returns void
  language plpgsql as $$
begin
  delete from pg_catalog.rs_unrestricted where usename = given;
  if everything then insert into pg_catalog.rs_unrestricted values (given); end if;
end $$;

-- The owner of a table sees no more than others.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_RELATION_PRIVILEGES.html
create view pg_catalog.svv_relation_privileges as
select n.nspname::text as namespace_name, c.relname::text as relation_name, a.privilege_type,
  i.oid::int as identity_id, i.name as identity_name, i.kind as identity_type, a.is_grantable as admin_option
from pg_catalog.pg_class c
join pg_catalog.pg_namespace n on n.oid = c.relnamespace
cross join lateral aclexplode(c.relacl) a
join pg_catalog.rs_identity i on i.oid = a.grantee
where c.relkind in ('r', 'v')
  and (i.kind = 'public' or pg_catalog.rs_sees(i.oid) or pg_catalog.rs_sees_work_of(current_user, i.name));
grant select on pg_catalog.svv_relation_privileges to public;

-- Locks on tables, held or waited for; a second row of each transaction says that it is open.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_SVV_TRANSACTIONS.html
create function pg_catalog.rs_transactions(viewer name) returns table (
    txn_owner text, txn_db text, xid bigint, pid int, txn_start timestamp, lock_mode text,
    lockable_object_type text, relation int, granted bool)
  language sql stable security definer set search_path = pg_catalog as $$
  select a.usename::text, a.datname::text, coalesce(a.backend_xid::text::bigint, a.pid), a.pid,
    a.xact_start at time zone 'UTC', l.mode,
    case l.locktype when 'relation' then 'relation' else 'transactionid' end, l.relation::int, l.granted
  from pg_locks l
  join pg_stat_activity a on a.pid = l.pid
  where a.backend_type = 'client backend' and a.pid <> pg_backend_pid() and a.usename <> 'rdsdb'
    and (l.locktype = 'relation' and l.relation >= 16384 or l.locktype = 'virtualxid')
    and rs_sees_work_of(viewer, a.usename) $$;
create view pg_catalog.svv_transactions as select * from pg_catalog.rs_transactions(current_user);

-- What runs now; what has ended is not kept.
-- https://docs.aws.amazon.com/redshift/latest/dg/SYS_QUERY_HISTORY.html
create function pg_catalog.rs_queries(viewer name) returns table (
    user_id int, transaction_id bigint, session_id int, database_name text, status text, start_time timestamp,
    query_text text)
  language sql stable security definer set search_path = pg_catalog as $$
  select usesysid::int, coalesce(backend_xid::text::bigint, pid), pid, datname::text,
    'running', query_start at time zone 'UTC', left(query, 4000)
  from pg_stat_activity
  where backend_type = 'client backend' and state = 'active' and usename <> 'rdsdb' and rs_sees_work_of(viewer, usename) $$;
create view pg_catalog.sys_query_history as select * from pg_catalog.rs_queries(current_user);
grant select on pg_catalog.svv_transactions, pg_catalog.sys_query_history to public;
