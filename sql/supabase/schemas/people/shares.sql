create view chatkeep.my_shares with (security_invoker = true) as
select s.id, s.chat_id, s.with_user_id, s.with_tenant_id is not null and s.with_user_id is null as with_tenant,
  s.with_tenant_id is null as by_link, s.permission, s.up_to_seq, s.created_at, s.expires_at, s.revoked_at
from chatkeep.chat_shares s
where s.user_id = (select chatkeep.uid());
comment on view chatkeep.my_shares is 'The shares of the signed-in user''s chats, ended ones too.';
comment on column chatkeep.my_shares.with_user_id is 'NULL unless the chat is shared with one member.';
comment on column chatkeep.my_shares.with_tenant is 'Whether the chat is shared with all members of the tenant.';
comment on column chatkeep.my_shares.by_link is 'Whether the chat is shared by a link.';
comment on column chatkeep.my_shares.permission is 'One of read, write.';
comment on column chatkeep.my_shares.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.my_shares.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.my_shares.revoked_at is 'NULL until the share is revoked.';
revoke all on chatkeep.my_shares from public, anon, authenticated, service_role;
grant select on chatkeep.my_shares to authenticated, service_role;

create view chatkeep.shared_with_me with (security_invoker = true) as
select s.id, s.chat_id, s.user_id as owner_id, c.title, s.permission, s.up_to_seq, s.created_at, s.expires_at,
  case when s.up_to_seq is null then c.updated_at end as updated_at
from chatkeep_private.open_shares s, chatkeep_private.title_of_shared(s.id) c
where s.is_given;
comment on view chatkeep.shared_with_me is
  'The chats that others share with the signed-in user, in the tenant of the request. list_messages reads them.';
comment on column chatkeep.shared_with_me.id is 'The id of the share.';
comment on column chatkeep.shared_with_me.owner_id is 'The owner of the chat.';
comment on column chatkeep.shared_with_me.title is 'NULL if the chat has none.';
comment on column chatkeep.shared_with_me.permission is 'One of read, write.';
comment on column chatkeep.shared_with_me.up_to_seq is 'The seq of the last message that is shown. NULL: the share is live.';
comment on column chatkeep.shared_with_me.expires_at is 'NULL: the share ends when it is revoked.';
comment on column chatkeep.shared_with_me.updated_at is 'The created_at of the newest message. NULL unless the share is live.';
revoke all on chatkeep.shared_with_me from public, anon, authenticated, service_role;
grant select on chatkeep.shared_with_me to authenticated, service_role;
