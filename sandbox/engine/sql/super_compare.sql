-- Comparison of SUPER values by their dynamic types.
-- Different types: = is false, < and its like are null. Blanks at the end of a string do not count.
-- https://docs.aws.amazon.com/redshift/latest/dg/query-super.html

create function pg_catalog.super_trimmed(super) returns text
  language sql immutable parallel safe as $$ select rtrim($1::jsonb #>> '{}', ' ') $$;

create function pg_catalog.super_eq(super, super) returns bool
  language sql immutable parallel safe as $$
  select case
    when jsonb_typeof($1::jsonb) = 'null' or jsonb_typeof($2::jsonb) = 'null' then null
    when jsonb_typeof($1::jsonb) = 'string' and jsonb_typeof($2::jsonb) = 'string'
      then pg_catalog.super_trimmed($1) = pg_catalog.super_trimmed($2)
    else $1::jsonb = $2::jsonb
  end $$;

-- -1, 0, 1, or null where the two have no order. No cast here may raise: the planner tries each branch on constants.
create function pg_catalog.super_order(super, super) returns int
  language sql immutable parallel safe as $$
  select case
    when jsonb_typeof($1::jsonb) <> jsonb_typeof($2::jsonb) then null
    when jsonb_typeof($1::jsonb) = 'number' then
      sign(json_value($1::jsonb, 'strict $' returning numeric) - json_value($2::jsonb, 'strict $' returning numeric))::int
    when jsonb_typeof($1::jsonb) = 'boolean' then ($1::jsonb = 'true')::int - ($2::jsonb = 'true')::int
    when jsonb_typeof($1::jsonb) = 'string' then
      case
        when pg_catalog.super_trimmed($1) < pg_catalog.super_trimmed($2) then -1
        when pg_catalog.super_trimmed($1) = pg_catalog.super_trimmed($2) then 0
        else 1
      end
  end $$;

-- The order of ORDER BY, GROUP BY and DISTINCT: boolean, number, string, array, object.
create function pg_catalog.super_rank(super) returns int
  language sql immutable parallel safe as
  $$ select array_position(array['null', 'boolean', 'number', 'string', 'array', 'object'], jsonb_typeof($1::jsonb)) $$;
create function pg_catalog.super_sort(super, super) returns int
  language sql immutable strict parallel safe as $$
  select coalesce(
    nullif(sign(pg_catalog.super_rank($1) - pg_catalog.super_rank($2))::int, 0),
    pg_catalog.super_order($1, $2),
    case when $1::jsonb = $2::jsonb then 0 when $1::jsonb < $2::jsonb then -1 else 1 end) $$;

do $do$
declare
  -- Of the other types only those that lose nothing on the way into SUPER. No varchar: an operator for it
  -- would draw every comparison of a varchar with a literal, and read the literal as JSON.
  other text;
  op record;
begin
  for op in
    select * from (values ('lt', '<', '#<#', 1), ('le', '<=', '#<=#', 2), ('eq', '=', '#=#', 3),
      ('ge', '>=', '#>=#', 4), ('gt', '>', '#>#', 5)) x (name, sign, sort_sign, strategy)
  loop
    execute format('create function pg_catalog.super_sort_%1$s(super, super) returns bool language sql '
      'immutable strict parallel safe as $$ select pg_catalog.super_sort($1, $2) %2$s 0 $$', op.name, op.sign);
    execute format('create operator pg_catalog.%1$s (leftarg = super, rightarg = super, '
      'function = pg_catalog.super_sort_%2$s%3$s)', op.sort_sign, op.name,
      case op.name when 'eq' then ', commutator = #=#, merges' else '' end);
  end loop;
  for op in
    select * from (values ('eq', '='), ('ne', '<>'), ('lt', '<'), ('le', '<='), ('gt', '>'), ('ge', '>=')) x (name, sign)
  loop
    execute format('create function pg_catalog.super_op_%1$s(super, super) returns bool language sql immutable '
      'parallel safe as $$ select %2$s $$', op.name, case op.name
        when 'eq' then 'pg_catalog.super_eq($1, $2)'
        when 'ne' then 'not pg_catalog.super_eq($1, $2)'
        else format('pg_catalog.super_order($1, $2) %s 0', op.sign) end);
    execute format('create operator pg_catalog.%1$s (leftarg = super, rightarg = super, '
      'function = pg_catalog.super_op_%2$s)', op.sign, op.name);
    foreach other in array array['int2', 'int4', 'int8', 'numeric', 'float4', 'float8', 'bool', 'text']
    loop
      execute format('create function pg_catalog.super_op_%1$s(super, %2$s) returns bool language sql immutable '
        'parallel safe as $$ select $1 operator(pg_catalog.%3$s) pg_catalog.to_super($2) $$', op.name, other, op.sign);
      execute format('create function pg_catalog.super_op_%1$s(%2$s, super) returns bool language sql immutable '
        'parallel safe as $$ select pg_catalog.to_super($1) operator(pg_catalog.%3$s) $2 $$', op.name, other, op.sign);
      execute format('create operator pg_catalog.%1$s (leftarg = super, rightarg = %2$s, '
        'function = pg_catalog.super_op_%3$s)', op.sign, other, op.name);
      execute format('create operator pg_catalog.%1$s (leftarg = %2$s, rightarg = super, '
        'function = pg_catalog.super_op_%3$s)', op.sign, other, op.name);
    end loop;
  end loop;
end $do$;

create operator class pg_catalog.super_ops default for type super using btree as
  operator 1 #<#, operator 2 #<=#, operator 3 #=#, operator 4 #>=#, operator 5 #>#,
  function 1 super_sort(super, super);
