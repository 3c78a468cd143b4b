alter table chatkeep.chat_shares enable row level security;
alter table chatkeep.chat_shares force row level security;

create policy chat_shares_select on chatkeep.chat_shares for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    or (with_tenant_id = (select chatkeep.tenant_id()) and (with_user_id is null or with_user_id = (select chatkeep.uid())))
    or secret_digest = (select chatkeep_private.presented_link())
  );
comment on policy chat_shares_select on chatkeep.chat_shares is
  'Owners read the shares of their chats, members of the tenant those that they were given, and holders of a link its own.';

-- uid(), not writer(): inside a call of somebody who may write in a shared chat, writer() is the owner.
create policy chat_shares_insert on chatkeep.chat_shares for insert to authenticated
  with check (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_shares_insert on chatkeep.chat_shares is 'share_chat shares chats of the signed-in user.';

create policy chat_shares_update on chatkeep.chat_shares for update to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep.uid(), chatkeep.tenant_id())
    and (select current_setting('chatkeep.writing', true)) = 'on'
  );
comment on policy chat_shares_update on chatkeep.chat_shares is 'Calls change and revoke the shares of the user''s own chats.';

revoke all on chatkeep.chat_shares from public, anon, authenticated, service_role;
grant select,
  insert (id, chat_id, tenant_id, user_id, with_tenant_id, with_user_id, secret_digest, permission, up_to_seq, expires_at),
  update (permission, up_to_seq, expires_at, revoked_at)
  on chatkeep.chat_shares to authenticated;
grant select, insert, update, delete on chatkeep.chat_shares to service_role;
