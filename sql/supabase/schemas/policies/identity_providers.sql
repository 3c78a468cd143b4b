-- Issuers are public: they are in every token. uid() reads them with the rights of its caller.
alter table chatkeep.identity_providers enable row level security;
alter table chatkeep.identity_providers force row level security;

create policy identity_providers_select on chatkeep.identity_providers for select to authenticated
  using (true);
comment on policy identity_providers_select on chatkeep.identity_providers is 'Every signed-in user reads them.';

revoke all on chatkeep.identity_providers from public, anon, authenticated, service_role;
grant select on chatkeep.identity_providers to authenticated;
grant select, insert, update, delete on chatkeep.identity_providers to service_role;
