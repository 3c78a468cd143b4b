-- The bucket of the function `ingest`: put this into a migration of your own. Everybody reads and writes below a folder that
-- is called by the user's id.
-- Source: Supabase, Storage access control.

insert into storage.buckets (id, name, public) values ('documents', 'documents', false) on conflict (id) do nothing;

create policy documents_insert on storage.objects for insert to authenticated
  with check (bucket_id = 'documents' and (storage.foldername(name))[1] = (select chatkeep.uid())::text);
create policy documents_select on storage.objects for select to authenticated
  using (bucket_id = 'documents' and (storage.foldername(name))[1] = (select chatkeep.uid())::text);
create policy documents_delete on storage.objects for delete to authenticated
  using (bucket_id = 'documents' and (storage.foldername(name))[1] = (select chatkeep.uid())::text);
