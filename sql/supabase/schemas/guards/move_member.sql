-- When a user moves to another tenant, the rows they own move with them. Attachments to documents that stay behind
-- are detached, as if the document had been deleted. Foreign keys keep an attachment and its document, and a document
-- and its metadata, in one tenant; without this trigger they would refuse the move.
create or replace function chatkeep_private.move_member() returns trigger
language plpgsql set search_path = ''
as $$
begin
  -- The locks that the move needs, in the order in which calls take them. The move waits here for calls that attach
  -- or register, and sees below what they wrote.
  perform from chatkeep.chats c where c.user_id = old.user_id and c.tenant_id = old.tenant_id for update;
  perform chatkeep_private.lock_documents(least(old.tenant_id, new.tenant_id), old.user_id, true, true);
  perform chatkeep_private.lock_documents(greatest(old.tenant_id, new.tenant_id), old.user_id, true, true);
  perform from chatkeep.documents d where d.user_id = old.user_id and d.tenant_id = old.tenant_id for update;
  perform from chatkeep_private.session_secrets x
  where x.session_token in (
    select s.session_token from chatkeep.sessions s where s.user_id = old.user_id and s.tenant_id = old.tenant_id
  )
  for update;

  if exists (
    select from chatkeep.chats c join chatkeep.chats o on o.id = c.id and o.tenant_id = new.tenant_id
    where c.user_id = old.user_id and c.tenant_id = old.tenant_id
  ) then
    perform chatkeep_private.refuse('PT409', 'tenant_id names a tenant that has a chat with the id of one of this user''s',
      'Delete and purge one of the two chats, then move the user.');
  end if;
  -- If both tenants share the same bytes, the document of the new tenant stays shared and the user's own becomes
  -- private.
  update chatkeep.documents d
  set visibility = 'private',
    status = case when exists (
        select from chatkeep.documents p
        where p.user_id = d.user_id and p.tenant_id = d.tenant_id and p.checksum = d.checksum
          and p.visibility = 'private' and p.status <> 'archived' and p.deleted_at is null
      ) then 'archived' else d.status end
  where d.user_id = old.user_id and d.tenant_id = old.tenant_id and d.visibility = 'tenant' and d.status <> 'archived' and d.deleted_at is null
    and exists (
      select from chatkeep.documents o
      where o.tenant_id = new.tenant_id and o.checksum = d.checksum
        and o.visibility = 'tenant' and o.status <> 'archived' and o.deleted_at is null
    );

  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where a.user_id = old.user_id and a.tenant_id = old.tenant_id
    and d.id = a.document_id and d.tenant_id = a.tenant_id and d.user_id <> old.user_id;
  update chatkeep.attachments a set document_id = null
  from chatkeep.documents d
  where d.user_id = old.user_id and d.tenant_id = old.tenant_id
    and a.document_id = d.id and a.tenant_id = d.tenant_id and a.user_id <> old.user_id;
  -- A rating is in the tenant of its author and in that of its message, so one across the two sides goes.
  delete from chatkeep.message_ratings r
  where r.tenant_id = old.tenant_id and old.user_id in (r.user_id, r.rated_by) and r.user_id <> r.rated_by;
  delete from chatkeep.document_metadata m
  using chatkeep.documents d
  where m.user_id = old.user_id and m.tenant_id = old.tenant_id
    and d.id = m.document_id and d.tenant_id = m.tenant_id and d.user_id <> old.user_id;
  delete from chatkeep.document_metadata m
  using chatkeep.documents d
  where d.user_id = old.user_id and d.tenant_id = old.tenant_id
    and m.document_id = d.id and m.tenant_id = d.tenant_id and m.user_id <> old.user_id;
  return new;
end
$$;
comment on function chatkeep_private.move_member() is
  'Separates a user who moves to another tenant from documents of others, and others from the user''s documents.';
revoke all on function chatkeep_private.move_member() from public, anon, authenticated, service_role;

create trigger move_member before update of tenant_id on chatkeep.memberships
  for each row when (old.tenant_id <> new.tenant_id) execute function chatkeep_private.move_member();
comment on trigger move_member on chatkeep.memberships is 'Detaches a moving user from the documents of the old tenant.';
