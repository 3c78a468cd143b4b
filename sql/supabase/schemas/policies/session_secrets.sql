alter table chatkeep_private.session_secrets enable row level security;
alter table chatkeep_private.session_secrets force row level security;

-- All tokens of a session hold its session secret, spent ones too. With the salt a spent token could derive its
-- successor, so a row with a salt also requires a refresh secret: the current one, or the previous one while a
-- rotation may be repeated.
create policy session_secrets_select on chatkeep_private.session_secrets for select to anon, authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    and (rotation_salt is null or chatkeep_private.may_read_salt(refresh_digest, previous_digest, rotated_at))
  );
comment on policy session_secrets_select on chatkeep_private.session_secrets is
  'The presented session secret unlocks its row. While the row holds a salt, one of the last two refresh secrets is needed too.';

create policy session_secrets_insert on chatkeep_private.session_secrets for insert to authenticated
  with check (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy session_secrets_insert on chatkeep_private.session_secrets is
  'create_session stores digests of a secret that it presents.';

create policy session_secrets_update on chatkeep_private.session_secrets for update to anon, authenticated
  using (
    session_token = (select chatkeep_private.presented_session())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy session_secrets_update on chatkeep_private.session_secrets is
  'Calls rotate the row that the presented session secret unlocks.';

revoke all on chatkeep_private.session_secrets from public, anon, authenticated, service_role;
grant select, update (refresh_digest, previous_digest, rotation_salt, generation, rotated_at, confirmed_at)
  on chatkeep_private.session_secrets to anon, authenticated;
grant insert (session_token, session_id, tenant_id, refresh_digest) on chatkeep_private.session_secrets to authenticated;
grant select, insert, update, delete on chatkeep_private.session_secrets to service_role;
