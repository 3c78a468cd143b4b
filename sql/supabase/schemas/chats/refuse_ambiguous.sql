create or replace function chatkeep_private.refuse_ambiguous(chat chatkeep.chats) returns void
language plpgsql stable set search_path = ''
as $$
begin
  if not row_security_active('chatkeep.chats'::regclass) and exists (
    select from chatkeep.chats c where c.id = chat.id and c.tenant_id <> chat.tenant_id and chatkeep_private.serves(c.tenant_id)
  ) then
    perform chatkeep_private.refuse('PT409', 'chat_id names chats of several tenants',
      'Name the tenant in the header x-chatkeep-tenant, or call as the chat''s user.');
  end if;
end
$$;
comment on function chatkeep_private.refuse_ambiguous(chatkeep.chats) is
  'Refuses an id that a caller who bypasses RLS sees in several tenants.';
revoke all on function chatkeep_private.refuse_ambiguous(chatkeep.chats) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse_ambiguous(chatkeep.chats) to authenticated, service_role;
