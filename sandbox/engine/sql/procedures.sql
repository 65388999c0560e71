-- Redshift names a procedure by its input arguments. An OUT argument is INOUT with a default here, so that CALL
-- can leave it out, and counts in PostgreSQL's signature.
-- https://docs.aws.amazon.com/redshift/latest/dg/r_GRANT.html
create function pg_catalog.rs_procedure(name text, inputs regtype[]) returns text
  language plpgsql stable as $$
declare
  found text;
begin
  select p.oid::regprocedure::text into found
  from pg_catalog.pg_proc p
  where p.prokind = 'p'
    and p.pronamespace = coalesce(nullif((parse_ident(name))[array_length(parse_ident(name), 1) - 1], '')::regnamespace,
      p.pronamespace)
    and p.proname = (parse_ident(name))[array_length(parse_ident(name), 1)]
    and (p.proargtypes::oid[])[0:p.pronargs - p.pronargdefaults - 1] = inputs::oid[]
    and (array_length(parse_ident(name), 1) > 1 or pg_function_is_visible(p.oid));
  if found is null then
    raise exception 'procedure %(%) does not exist', name,
      (select coalesce(string_agg(format_type(i, null), ', '), '') from unnest(inputs::oid[]) i)
      using errcode = '42883';
  end if;
  return found;
end $$;
