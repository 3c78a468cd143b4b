-- The calls, as JSON: every function of the schema chatkeep, with what its declaration says.
select coalesce(jsonb_agg(
  jsonb_build_object(
    'name', p.proname,
    'arguments', coalesce((
      select jsonb_agg(
        jsonb_build_object(
          'name', p.proargnames[i],
          'type', pg_catalog.format_type(p.proargtypes[i - 1], null),
          'default', pg_catalog.pg_get_function_arg_default(p.oid, i)
        ) order by i)
      from pg_catalog.generate_series(1, p.pronargs::integer) i
    ), '[]'),
    'result', pg_catalog.pg_get_function_result(p.oid),
    'comment', pg_catalog.obj_description(p.oid, 'pg_proc'),
    'roles', coalesce((
      select jsonb_agg(r.role order by r.place)
      from unnest(array['anon', 'authenticated', 'service_role']) with ordinality r (role, place)
      where pg_catalog.has_function_privilege(r.role, p.oid, 'execute')
    ), '[]')
  ) order by p.proname), '[]')
from pg_catalog.pg_proc p
where p.pronamespace = 'chatkeep'::regnamespace and p.prokind = 'f'
  -- Policies call these two, and so may a client; they are no calls of the npm package.
  and p.proname not in ('uid', 'tenant_id');
