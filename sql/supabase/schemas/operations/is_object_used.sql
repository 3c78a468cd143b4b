-- All tenants count. Otherwise a user could attach the object of somebody else, remove the attachment, and have the object
-- deleted.
create or replace function chatkeep_private.is_object_used(storage_path text, user_id uuid) returns boolean
language plpgsql stable parallel safe set search_path = ''
as $$
declare
  -- An attachment and a document may name the same object with and without the scheme.
  bare constant text := regexp_replace(is_object_used.storage_path, '^storage://', '');
  names constant text[] := array[bare, 'storage://' || bare];
begin
  return exists (select from chatkeep.attachments a where a.storage_path = any (names))
    or exists (
      select from chatkeep.documents d where d.source_uri = any (names) and d.source_uri like 'storage://%' and d.deleted_at is null
    )
    or exists (
      select from chatkeep.documents d
      where d.user_id = is_object_used.user_id and d.aliases && names and d.aliases <> '{}' and d.status <> 'archived' and d.deleted_at is null
    );
end
$$;
comment on function chatkeep_private.is_object_used(text, uuid) is 'Whether an attachment or document names the stored object. Of aliases, those of this user count.';
revoke all on function chatkeep_private.is_object_used(text, uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.is_object_used(text, uuid) to service_role;
