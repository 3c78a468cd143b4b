-- Changes that fingerprint.sql must notice: one statement per line, each applied alone and rolled back.
comment on schema chatkeep is 'changed'
comment on table chatkeep.chats is 'changed'
comment on column chatkeep.chats.title is 'changed'
comment on function chatkeep.tenant_id() is 'changed'
comment on domain chatkeep.json_object is 'changed'
comment on constraint json_object_is_object on domain chatkeep.json_object is 'changed'
comment on type chatkeep.engine_info is 'changed'
comment on constraint chats_pkey on chatkeep.chats is 'changed'
comment on index chatkeep.messages_user_id_idx is 'changed'
comment on policy chats_select on chatkeep.chats is 'changed'
comment on trigger guard_chat on chatkeep.chats is 'changed'
comment on operator chatkeep_private.=== (uuid, uuid) is 'changed'
comment on view chatkeep.my_sessions is 'changed'
grant usage on schema chatkeep_private to public
grant select on chatkeep.chats to anon
grant update (user_id) on chatkeep.chats to authenticated
revoke select (ip) on chatkeep.sessions from authenticated
grant execute on function chatkeep.tenant_id() to public
revoke execute on function chatkeep.append_message from authenticated
revoke usage on type chatkeep.json_object from public
alter default privileges in schema chatkeep grant select on tables to anon
alter default privileges for role postgres grant execute on functions to anon
alter function chatkeep.append_message strict
alter function chatkeep.tenant_id() volatile
alter function chatkeep.tenant_id() parallel unsafe
alter function chatkeep.tenant_id() leakproof
alter function chatkeep.tenant_id() security definer
alter function chatkeep.tenant_id() cost 1000
alter function chatkeep.list_messages rows 50
alter function chatkeep.search_messages set work_mem = '1MB'
alter function chatkeep_private.guard_chat() owner to supabase_admin
create or replace function chatkeep_private.guard_chat() returns trigger language plpgsql set search_path = '' as $$ begin return new; end $$
create function chatkeep.added() returns integer language sql as 'select 1'
drop function chatkeep.purge_chats
alter table chatkeep.chats disable row level security
alter table chatkeep.chats no force row level security
alter table chatkeep.chats set (fillfactor = 100)
alter table chatkeep.chats replica identity full
alter table chatkeep.chats owner to supabase_admin
alter table chatkeep.chats add column added text
alter table chatkeep.chats rename column title to heading
alter table chatkeep.chats alter column title set not null
alter table chatkeep.chats alter column metadata set default '{"a": 1}'
alter table chatkeep.chats alter column title set statistics 500
alter table chatkeep.chats alter column metadata set storage external
alter table chatkeep.attachments alter column byte_size type numeric
alter table chatkeep.users drop constraint users_display_name_length
alter table chatkeep.chats add constraint added check (title <> '') not valid
alter table chatkeep.chats alter constraint chats_user_id_fkey deferrable
drop index chatkeep.messages_user_id_idx
create index added on chatkeep.chats (title)
alter table chatkeep.chats cluster on chats_pkey
drop policy chats_insert on chatkeep.chats
alter policy chats_select on chatkeep.chats to authenticated, anon
alter policy chats_select on chatkeep.chats using (true)
alter policy chats_update on chatkeep.chats with check (true)
create policy added on chatkeep.chats as restrictive for delete to authenticated using (true)
alter table chatkeep.chats disable trigger guard_chat
drop trigger guard_chat on chatkeep.chats
alter view chatkeep.my_sessions set (security_invoker = false)
create or replace rule added as on insert to chatkeep.chats do also notify added
alter domain chatkeep.json_object drop constraint json_object_is_object
alter domain chatkeep.json_object set default '{}'
alter type chatkeep.engine_info add attribute added text
create type chatkeep.added as enum ('a', 'b')
alter operator chatkeep_private.=== (uuid, uuid) set (restrict = pg_catalog.eqsel)
create operator chatkeep_private.=== (leftarg = text, rightarg = text, function = pg_catalog.texteq)
create statistics chatkeep.added on user_id, tenant_id from chatkeep.chats
create collation chatkeep.added (locale = 'C')
create table chatkeep_private.added ()
create publication added for table chatkeep.chats
