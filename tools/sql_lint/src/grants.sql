-- Who may do what with the objects of schemas chatkeep and chatkeep_private: one line for each object and each role
-- that is not its owner. The lines of sql/grants.tsv. A privilege that may be handed on ends in *. Names stand without
-- quotes, which depend on the keywords of a version.
set search_path = '';
with spaces as (
  select * from pg_catalog.pg_namespace where nspname in ('chatkeep', 'chatkeep_private')
), held (kind, object, owner, privileges) as (
  select 'schema', s.nspname::text, s.nspowner,
    coalesce(s.nspacl, pg_catalog.acldefault('n', s.nspowner))
  from spaces s
  union all
  select case c.relkind when 'S' then 'sequence' when 'v' then 'view' when 'm' then 'materialized view'
      when 'f' then 'foreign table' else 'table' end,
    s.nspname || '.' || c.relname, c.relowner,
    coalesce(c.relacl, pg_catalog.acldefault(case c.relkind when 'S' then 's'::"char" else 'r'::"char" end, c.relowner))
  from pg_catalog.pg_class c join spaces s on s.oid = c.relnamespace
  where c.relkind in ('r', 'p', 'v', 'm', 'f', 'S')
  union all
  select 'column', s.nspname || '.' || c.relname || '.' || a.attname, c.relowner, a.attacl
  from pg_catalog.pg_attribute a
  join pg_catalog.pg_class c on c.oid = a.attrelid
  join spaces s on s.oid = c.relnamespace
  where not a.attisdropped and a.attacl is not null
  union all
  select 'function', p.oid::pg_catalog.regprocedure::text, p.proowner,
    coalesce(p.proacl, pg_catalog.acldefault('f', p.proowner))
  from pg_catalog.pg_proc p join spaces s on s.oid = p.pronamespace
  union all
  -- An array has the privileges of its elements' type.
  select 'type', s.nspname || '.' || t.typname, t.typowner,
    coalesce(t.typacl, pg_catalog.acldefault('T', t.typowner))
  from pg_catalog.pg_type t join spaces s on s.oid = t.typnamespace
  where t.typcategory <> 'A'
  union all
  select 'default for ' || case d.defaclobjtype when 'r' then 'tables' when 'S' then 'sequences' when 'f' then 'functions'
      when 'T' then 'types' else d.defaclobjtype::text end,
    s.nspname::text, d.defaclrole, d.defaclacl
  from pg_catalog.pg_default_acl d join spaces s on s.oid = d.defaclnamespace
), lines as (
  select h.kind, h.object, case when p.grantee = 0 then 'PUBLIC' else p.grantee::pg_catalog.regrole::text end as grantee,
    string_agg(p.privilege_type || case when p.is_grantable then '*' else '' end, ', '
      order by p.privilege_type collate "C") as privileges
  from held h cross join pg_catalog.aclexplode(h.privileges) p
  where p.grantee <> h.owner
  group by h.kind, h.object, p.grantee
)
select kind, object, grantee, privileges from lines
order by kind collate "C", object collate "C", grantee collate "C";
