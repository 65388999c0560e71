-- SUPER: the type, the steps of a path, unnesting.
-- It holds JSON in jsonb's own form, so jsonb's functions are its functions under other names; being a
-- type of its own, whatever Redshift does not do with it fails by name.
-- https://docs.aws.amazon.com/redshift/latest/dg/query-super.html

create type pg_catalog.super;
create function pg_catalog.super_in(cstring) returns super
  language internal immutable strict parallel safe as 'jsonb_in';
create function pg_catalog.super_out(super) returns cstring
  language internal immutable strict parallel safe as 'jsonb_out';
create function pg_catalog.super_recv(internal) returns super
  language internal immutable strict parallel safe as 'jsonb_recv';
create function pg_catalog.super_send(super) returns bytea
  language internal immutable strict parallel safe as 'jsonb_send';
create type pg_catalog.super (
  input = super_in, output = super_out, receive = super_recv, send = super_send,
  internallength = variable, alignment = int4, storage = extended
);
create cast (super as jsonb) without function;
create cast (jsonb as super) without function;

-- Functions that build JSON ask for this cast; without it they would take a SUPER for text.
create function pg_catalog.super_json(super) returns json
  language sql immutable parallel safe as $$ select $1::jsonb::json $$;
create cast (super as json) with function pg_catalog.super_json(super);

-- A step that leads nowhere is null. https://docs.aws.amazon.com/redshift/latest/dg/query-super.html
create function pg_catalog.super_get(super, text) returns super
  language internal immutable strict parallel safe as 'jsonb_object_field';
create function pg_catalog.super_element(super, int) returns super
  language internal immutable strict parallel safe as 'jsonb_array_element';
-- jsonb counts a negative index from the end, and takes a scalar for an array of one.
create function pg_catalog.super_get(super, int) returns super
  language sql immutable parallel safe as
  $$ select case when $2 >= 0 and jsonb_typeof($1::jsonb) = 'array' then pg_catalog.super_element($1, $2) end $$;

-- The attribute name a path in a stored procedure stands for: procedures follow the caller's setting.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_enable_case_sensitive_identifier.html
create function pg_catalog.rs_key(text) returns text
  language sql stable parallel safe as
  $$ select case when current_setting('rs.enable_case_sensitive_identifier', true) = 'on' then $1 else lower($1) end $$;

create function pg_catalog.super_array(super) returns jsonb
  language sql immutable parallel safe as
  $$ select case when jsonb_typeof($1::jsonb) = 'array' then $1::jsonb end $$;
create function pg_catalog.super_unnest(super) returns setof super
  language sql immutable parallel safe as
  $$ select e::super from jsonb_array_elements(pg_catalog.super_array($1)) e $$;
create function pg_catalog.super_unnest_at(super) returns table (v super, i bigint)
  language sql immutable parallel safe as
  $$ select e::super, o - 1 from jsonb_array_elements(pg_catalog.super_array($1)) with ordinality x (e, o) $$;
create function pg_catalog.super_unpivot(super) returns table (v super, k varchar)
  language sql immutable parallel safe as
  $$ select e::super, k::varchar
     from jsonb_each(case when jsonb_typeof($1::jsonb) = 'object' then $1::jsonb end) x (k, e) $$;
