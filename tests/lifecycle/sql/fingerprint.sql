-- Chatkeep's part of the catalog, one line per fact, sorted. Two databases have the same schema if the output is equal.
-- Run by psql. It leaves out OIDs and times, and writes names with their schemas.
\pset format unaligned
\pset tuples_only on
set search_path = '';
with schemas as (
  select n.* from pg_catalog.pg_namespace n where n.nspname in ('chatkeep', 'chatkeep_private', 'chatkeep_native')
), relations as (
  select c.*, c.oid::regclass::text as name from pg_catalog.pg_class c join schemas s on s.oid = c.relnamespace
), facts (fact) as (
  select format('schema %s owner %s grants %s', nspname, nspowner::regrole, array(select a::text from unnest(nspacl) a order by 1))
  from schemas
  union all
  -- Every object in the schemas, also of kinds that have no query below.
  select format('object %s %s', o.type, o.identity)
  from pg_catalog.pg_depend d
  join schemas s on s.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_namespace'::regclass
  cross join lateral pg_catalog.pg_identify_object(d.classid, d.objid, d.objsubid) o
  union all
  select format('comment on %s %s: %s', o.type, o.identity, d.description)
  from pg_catalog.pg_description d
  cross join lateral pg_catalog.pg_identify_object(d.classoid, d.objoid, d.objsubid) o
  -- Objects of initdb have smaller numbers.
  where d.objoid >= 16384 and o.identity like '%chatkeep%'
  union all
  select format('relation %s kind %s persistence %s identity %s security %s forced %s options %s owner %s grants %s',
    name, relkind, relpersistence, relreplident, relrowsecurity, relforcerowsecurity, reloptions, relowner::regrole,
    case when relacl is null then 'default' else array(select a::text from unnest(relacl) a order by 1)::text end)
  from relations
  union all
  select format('column %s %s %s type %s not null %s default %s identity %s generated %s collation %s storage %s compression %s statistics %s options %s grants %s',
    r.name, a.attnum, a.attname, pg_catalog.format_type(a.atttypid, a.atttypmod), a.attnotnull,
    pg_catalog.pg_get_expr(d.adbin, d.adrelid), a.attidentity, a.attgenerated, a.attcollation::regcollation, a.attstorage,
    a.attcompression, a.attstattarget, a.attoptions, array(select g::text from unnest(a.attacl) g order by 1))
  from relations r
  join pg_catalog.pg_attribute a on a.attrelid = r.oid and a.attnum > 0 and not a.attisdropped
  left join pg_catalog.pg_attrdef d on d.adrelid = a.attrelid and d.adnum = a.attnum
  where r.relkind <> 'i'
  union all
  select format('constraint %s on %s: %s validated %s deferrable %s deferred %s',
    k.conname, coalesce(nullif(k.conrelid, 0)::regclass::text, k.contypid::regtype::text),
    pg_catalog.pg_get_constraintdef(k.oid), k.convalidated, k.condeferrable, k.condeferred)
  from pg_catalog.pg_constraint k join schemas s on s.oid = k.connamespace
  union all
  select format('index %s valid %s ready %s clustered %s identity %s',
    pg_catalog.pg_get_indexdef(i.indexrelid), i.indisvalid, i.indisready, i.indisclustered, i.indisreplident)
  from pg_catalog.pg_index i join relations r on r.oid = i.indexrelid
  union all
  select format('policy %s on %s permissive %s for %s to %s using %s check %s',
    p.polname, r.name, p.polpermissive, p.polcmd, array(select o::regrole::text from unnest(p.polroles) o order by 1),
    pg_catalog.pg_get_expr(p.polqual, p.polrelid), pg_catalog.pg_get_expr(p.polwithcheck, p.polrelid))
  from pg_catalog.pg_policy p join relations r on r.oid = p.polrelid
  union all
  select format('trigger %s enabled %s', pg_catalog.pg_get_triggerdef(t.oid), t.tgenabled)
  from pg_catalog.pg_trigger t join relations r on r.oid = t.tgrelid
  where not t.tgisinternal
  union all
  select format('rule %s enabled %s', pg_catalog.pg_get_ruledef(w.oid), w.ev_enabled)
  from pg_catalog.pg_rewrite w join relations r on r.oid = w.ev_class
  union all
  -- The definition holds language, volatility, strictness, security, cost, settings and body.
  select format('function %s kind %s owner %s grants %s definition %s',
    p.oid::regprocedure, p.prokind, p.proowner::regrole,
    case when p.proacl is null then 'default' else array(select a::text from unnest(p.proacl) a order by 1)::text end,
    case when p.prokind <> 'a' then pg_catalog.pg_get_functiondef(p.oid) end)
  from pg_catalog.pg_proc p join schemas s on s.oid = p.pronamespace
  union all
  select format('type %s kind %s base %s not null %s default %s collation %s labels %s owner %s grants %s',
    t.oid::regtype, t.typtype, pg_catalog.format_type(nullif(t.typbasetype, 0), t.typtypmod), t.typnotnull, t.typdefault,
    t.typcollation::regcollation,
    array(select e.enumlabel::text from pg_catalog.pg_enum e where e.enumtypid = t.oid order by e.enumsortorder),
    t.typowner::regrole,
    case when t.typacl is null then 'default' else array(select a::text from unnest(t.typacl) a order by 1)::text end)
  from pg_catalog.pg_type t join schemas s on s.oid = t.typnamespace
  union all
  select format('operator %s function %s restrict %s join %s commutator %s negator %s merges %s hashes %s owner %s',
    o.oid::regoperator, o.oprcode, o.oprrest, o.oprjoin, o.oprcom::regoperator, o.oprnegate::regoperator, o.oprcanmerge,
    o.oprcanhash, o.oprowner::regrole)
  from pg_catalog.pg_operator o join schemas s on s.oid = o.oprnamespace
  union all
  select format('default grants of %s in %s for %s: %s', d.defaclrole::regrole,
    coalesce(nullif(d.defaclnamespace, 0)::regnamespace::text, 'every schema'), d.defaclobjtype,
    array(select a::text from unnest(d.defaclacl) a order by 1))
  from pg_catalog.pg_default_acl d
  union all
  select format('extension %s version %s schema %s', e.extname, e.extversion, e.extnamespace::regnamespace)
  from pg_catalog.pg_extension e where e.extname = 'chatkeep'
  union all
  select format('member of the extension: %s', pg_catalog.pg_describe_object(d.classid, d.objid, d.objsubid))
  from pg_catalog.pg_depend d
  join pg_catalog.pg_extension e on e.oid = d.refobjid and d.refclassid = 'pg_catalog.pg_extension'::regclass
  where e.extname = 'chatkeep' and d.deptype = 'e'
  union all
  select format('publication %s of %s.%s', pubname, schemaname, tablename)
  from pg_catalog.pg_publication_tables where schemaname in (select nspname from schemas)
)
select replace(fact, e'\n', '\n') from facts order by fact collate "C";
