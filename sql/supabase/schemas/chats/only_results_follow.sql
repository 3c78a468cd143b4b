-- Tools that are called side by side end in any order. Each result names the call as its parent, and none of them hides
-- another.
create or replace function chatkeep_private.only_results_follow(chat_id uuid, tenant_id uuid, message_id uuid) returns boolean
language plpgsql stable set search_path = ''
as $$
#variable_conflict use_column
declare
  called_at timestamptz;
begin
  select m.created_at into called_at from chatkeep.messages m
  where m.id = only_results_follow.message_id and m.chat_id = only_results_follow.chat_id
    and m.tenant_id = only_results_follow.tenant_id and m.active;
  return found and not exists (
    select from chatkeep.messages m
    where m.chat_id = only_results_follow.chat_id and m.tenant_id = only_results_follow.tenant_id and m.active
      and m.created_at > called_at and m.role <> 'tool'
  );
end
$$;
comment on function chatkeep_private.only_results_follow(uuid, uuid, uuid) is
  'Whether nothing but results of tools comes after the message on the active path.';
revoke all on function chatkeep_private.only_results_follow(uuid, uuid, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.only_results_follow(uuid, uuid, uuid) to authenticated, service_role;
