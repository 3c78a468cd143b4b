create or replace function chatkeep_private.reading_tenant() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  if current_setting('chatkeep.writing', true) like '% %' then
    return (select s.tenant_id from chatkeep_private.opened_share s);
  end if;
  return chatkeep.tenant_id();
end
$$;
comment on function chatkeep_private.reading_tenant() is
  'The tenant whose rows are shown: that of the request, or in a call that opens a shared chat that of this chat.';
revoke all on function chatkeep_private.reading_tenant() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.reading_tenant() to authenticated, service_role;
