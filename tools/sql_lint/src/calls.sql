-- The calls, as JSON: every function of the schema chatkeep, with what its declaration says; and the rows that they return,
-- with what their columns allow.
with calls as (
  select p.*
  from pg_catalog.pg_proc p
  where p.pronamespace = 'chatkeep'::regnamespace and p.prokind = 'f'
    -- Policies call the first two, gateways the third. They are no calls of the npm package.
    and p.proname not in ('uid', 'tenant_id', 'pre_request')
)
select jsonb_build_object(
  'calls', (
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
    from calls p
  ),
  'rows', (
    select coalesce(jsonb_agg(
      jsonb_build_object(
        'name', c.relname,
        'is_table', c.relkind = 'r',
        'comment', coalesce(pg_catalog.obj_description(c.reltype, 'pg_type'), pg_catalog.obj_description(c.oid, 'pg_class')),
        'columns', (
          select jsonb_agg(
            jsonb_build_object(
              'name', a.attname,
              'type', pg_catalog.format_type(coalesce(nullif(t.typbasetype, 0), t.oid), null),
              'not_null', a.attnotnull,
              'comment', pg_catalog.col_description(c.oid, a.attnum),
              'checks', coalesce((
                select jsonb_agg(pg_catalog.pg_get_constraintdef(k.oid) order by k.conname)
                from pg_catalog.pg_constraint k
                where k.contype = 'c' and (k.contypid = t.oid or (k.conrelid = c.oid and k.conkey = array[a.attnum]))
              ), '[]')
            ) order by a.attnum)
          from pg_catalog.pg_attribute a
          join pg_catalog.pg_type t on t.oid = a.atttypid
          where a.attrelid = c.oid and a.attnum > 0 and not a.attisdropped
        )
      ) order by c.relname), '[]')
    from pg_catalog.pg_class c
    where c.relnamespace = 'chatkeep'::regnamespace and c.reltype in (select prorettype from calls)
  )
);
