alter table chatkeep.message_ratings enable row level security;
alter table chatkeep.message_ratings force row level security;

create policy message_ratings_select on chatkeep.message_ratings for select to authenticated
  using (
    (user_id, tenant_id) = (select chatkeep_private.reader(), chatkeep_private.reading_tenant())
    and ((select current_setting('chatkeep.writing', true)) in ('on', 'off')
      or chat_id <> all ((select chatkeep_private.deleted_chats())::uuid[])
      or (chat_id = (select chatkeep_private.opened_chat()) and rated_by = (select chatkeep.uid())))
  );
comment on policy message_ratings_select on chatkeep.message_ratings is
  'Owners read all ratings in their chats. In a call that opens a shared chat people read their own.';

create policy message_ratings_insert on chatkeep.message_ratings for insert to authenticated
  with check (
    (rated_by, tenant_id) = (select chatkeep.uid(), chatkeep_private.reading_tenant())
    and (select current_setting('chatkeep.writing', true)) like 'on%'
    and exists (
      select from chatkeep.messages m
      where m.id = message_ratings.message_id and m.chat_id = message_ratings.chat_id and m.tenant_id = message_ratings.tenant_id
        and m.user_id = message_ratings.user_id
    )
  );
comment on policy message_ratings_insert on chatkeep.message_ratings is 'rate_message rates messages that its caller may read.';

create policy message_ratings_update on chatkeep.message_ratings for update to authenticated
  using (
    (rated_by, tenant_id) = (select chatkeep.uid(), chatkeep_private.reading_tenant())
    and (select current_setting('chatkeep.writing', true)) like 'on%'
  );
comment on policy message_ratings_update on chatkeep.message_ratings is 'rate_message changes the caller''s own rating.';

create policy message_ratings_delete on chatkeep.message_ratings for delete to authenticated
  using (
    (rated_by, tenant_id) = (select chatkeep.uid(), chatkeep_private.reading_tenant())
    and (select current_setting('chatkeep.writing', true)) like 'on%'
  );
comment on policy message_ratings_delete on chatkeep.message_ratings is 'rate_message takes the caller''s own rating back.';

revoke all on chatkeep.message_ratings from public, anon, authenticated, service_role;
grant select, delete,
  insert (message_id, chat_id, tenant_id, user_id, rated_by, rating, comment, labels),
  update (rating, comment, labels, updated_at)
  on chatkeep.message_ratings to authenticated;
grant select, insert, update, delete on chatkeep.message_ratings to service_role;
