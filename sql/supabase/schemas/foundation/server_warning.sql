-- Known vulnerabilities in what isolation relies on: row level security and cached plans.
create or replace function chatkeep_private.server_warning(
  version_num integer default current_setting('server_version_num')::integer
) returns text
language sql stable parallel safe set search_path = ''
as $$
  select format('PostgreSQL %s.%s has %s: move to %s.%s or newer', version_num / 10000, version_num % 10000,
    string_agg(h.cve, ', ' order by h.place), version_num / 10000, max(h.minor))
  from (values
    (1, 'CVE-2026-14666', 15, 19), (1, 'CVE-2026-14666', 16, 15), (1, 'CVE-2026-14666', 17, 11), (1, 'CVE-2026-14666', 18, 5),
    (2, 'CVE-2025-8713', 15, 14), (2, 'CVE-2025-8713', 16, 10), (2, 'CVE-2025-8713', 17, 6),
    (3, 'CVE-2024-10976', 15, 9), (3, 'CVE-2024-10976', 16, 5), (3, 'CVE-2024-10976', 17, 1),
    (4, 'CVE-2023-39418', 15, 4),
    (5, 'CVE-2023-2455', 15, 3)
  ) h (place, cve, major, minor)
  where h.major = version_num / 10000 and version_num % 10000 < h.minor
  having count(*) > 0
$$;
comment on function chatkeep_private.server_warning(integer) is
  'Known vulnerabilities of a server with this server_version_num; NULL if there are none.';
revoke all on function chatkeep_private.server_warning(integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.server_warning(integer) to anon, authenticated, service_role;
