alter table chatkeep.users enable row level security;
alter table chatkeep.users force row level security;

create policy users_select on chatkeep.users for select to authenticated
  using (id = (select chatkeep.uid()));
comment on policy users_select on chatkeep.users is 'Users read their own row.';

create policy users_insert on chatkeep.users for insert to authenticated
  with check (id = (select chatkeep.uid()));
comment on policy users_insert on chatkeep.users is 'First use makes the row.';

create policy users_update on chatkeep.users for update to authenticated
  using (id = (select chatkeep.uid()) and disabled_at is null)
  with check (id = (select chatkeep.uid()));
comment on policy users_update on chatkeep.users is
  'Users change their own display name and metadata. Disabled users change nothing.';

revoke all on chatkeep.users from public, anon, authenticated, service_role;
grant select, insert (id, issuer, subject, display_name, metadata), update (display_name, metadata)
  on chatkeep.users to authenticated;
grant select, insert, update, delete on chatkeep.users to service_role;
