-- The row security of each table of schemas chatkeep and chatkeep_private as a fingerprint, whatever the version of the
-- server. The lines of extension/src/policies/fingerprints.tsv. It is the SHA-256 of a text: a line of two letters,
-- whether row level security is enabled and whether it is forced, then a line for each policy by name, with tabs
-- between its name, command, whether it is permissive, its roles, and its expressions without white space. Names that
-- are not the server's own stand with their schema. extension/src/policies/fingerprints.rs makes the same text of an
-- open table.
set search_path = pg_catalog, pg_temp;
set quote_all_identifiers = off;
with policies as (
  select p.polrelid, p.polname, concat_ws(E'\t', p.polname, p.polcmd, left(p.polpermissive::text, 1),
    (select string_agg(case r when 0 then 'public' else pg_get_userbyid(r)::text end, ','
       order by case r when 0 then 'public' else pg_get_userbyid(r)::text end collate "C") from unnest(p.polroles) r),
    translate(coalesce(pg_get_expr(p.polqual, p.polrelid), ''), E' \t\n\r\x0b\x0c', ''),
    translate(coalesce(pg_get_expr(p.polwithcheck, p.polrelid), ''), E' \t\n\r\x0b\x0c', '')) as line
  from pg_policy p
)
select n.nspname || '.' || c.relname, encode(sha256(convert_to(concat_ws(E'\n',
    left(c.relrowsecurity::text, 1) || left(c.relforcerowsecurity::text, 1),
    (select string_agg(p.line, E'\n' order by p.polname collate "C") from policies p where p.polrelid = c.oid)), 'UTF8')), 'hex')
from pg_class c
join pg_namespace n on n.oid = c.relnamespace
where n.nspname in ('chatkeep', 'chatkeep_private') and c.relkind in ('r', 'p')
order by n.nspname collate "C", c.relname collate "C";
