create or replace function chatkeep.rate_message(
  chat_id uuid,
  message_id uuid,
  rating integer default null,
  comment text default null,
  labels text[] default null,
  user_id uuid default null
) returns setof chatkeep.message_ratings
language plpgsql volatile set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  rater constant uuid := coalesce(rate_message.user_id, chatkeep.uid());
  tenant uuid;
  chat chatkeep.chats;
  stored chatkeep.message_ratings;
begin
  perform chatkeep_private.check_present('chat_id', rate_message.chat_id is not null);
  perform chatkeep_private.check_present('message_id', rate_message.message_id is not null);
  if rate_message.rating not in (-1, 1) then
    perform chatkeep_private.refuse('22023', 'rating must be 1 or -1', 'Pass null to take the rating back.');
  end if;
  perform chatkeep_private.check_length('comment', rate_message.comment, 2000);
  perform chatkeep_private.check_chat_tags(rate_message.labels, 'labels');
  if rate_message.rating is null and (rate_message.comment is not null or rate_message.labels <> '{}') then
    perform chatkeep_private.refuse('22023', 'rating is missing beside a comment or labels',
      'Pass 1 or -1 with them, or leave them out to take the rating back.');
  end if;
  tenant := chatkeep_private.enter(rate_message.user_id);

  if rate_message.user_id is null then
    perform set_config('chatkeep.writing', 'off', true);
    chat := chatkeep_private.visible_chat(rate_message.chat_id, or_shared => true);
    -- A share to read is enough. Its id stays in the marker, so that the policies show the shared chat and nothing else.
    perform set_config('chatkeep.writing', replace(current_setting('chatkeep.writing'), 'off', 'on'), true);
  else
    perform set_config('chatkeep.writing', 'on', true);
    chat := chatkeep_private.locked_chat(rate_message.chat_id, of_user => rate_message.user_id, of_tenant => tenant);
  end if;
  -- The chat keeps its owner until the call ends. Appends go on.
  perform from chatkeep.chats c
  where c.id = chat.id and c.tenant_id = chat.tenant_id and c.user_id = chat.user_id
  for key share;
  if not found then
    perform chatkeep_private.refuse_chat(false, null);
  end if;
  perform from chatkeep.messages m
  where m.id = rate_message.message_id and m.chat_id = chat.id and m.tenant_id = chat.tenant_id
    and (chat.user_id = rater or (m.active and m.seq <= (select chatkeep_private.opened_to())));
  if not found then
    perform chatkeep_private.refuse_message('message_id');
  end if;

  if rate_message.rating is null then
    delete from chatkeep.message_ratings r
    where r.message_id = rate_message.message_id and r.chat_id = chat.id and r.tenant_id = chat.tenant_id and r.rated_by = rater;
    if chatkeep_private.reading_tenant() is null and not chatkeep_private.is_service() then
      perform chatkeep_private.refuse_unwritten('message_id names a message that');
    end if;
  else
    select r.* into stored from chatkeep.message_ratings r
    where r.message_id = rate_message.message_id and r.chat_id = chat.id and r.tenant_id = chat.tenant_id and r.rated_by = rater;
    if not found or (stored.rating, stored.comment, stored.labels)
         is distinct from (rate_message.rating, rate_message.comment, chatkeep_private.unique_names(rate_message.labels)) then
      insert into chatkeep.message_ratings as r (message_id, chat_id, tenant_id, user_id, rated_by, rating, comment, labels)
      select rate_message.message_id, chat.id, chat.tenant_id, chat.user_id, rater, rate_message.rating, rate_message.comment,
        chatkeep_private.unique_names(rate_message.labels)
      -- The share may have ended. The policy would end this statement with an error of its own.
      where (select chatkeep_private.reading_tenant()) is not null or chatkeep_private.is_service()
      on conflict on constraint message_ratings_pkey do update
      set rating = excluded.rating, comment = excluded.comment, labels = excluded.labels, updated_at = clock_timestamp()
      returning r.* into stored;
      if not found then
        perform chatkeep_private.refuse_unwritten('message_id names a message that');
      end if;
    end if;
    return next stored;
  end if;
  perform set_config('chatkeep.writing', marker, true);
end
$$;
comment on function chatkeep.rate_message(uuid, uuid, integer, text, text[], uuid) is
'Stores what the caller thinks of a message, thumb up or down, and returns the rating.
Each person has one rating of a message. Another one takes its place, with its comment and labels; the same again writes nothing.
In a chat that is shared with the caller: a message that the share shows. The owner of the chat reads all ratings in message_ratings.
rating: 1 or -1. NULL, or leaving it out, takes the rating back, and the call returns no row.
comment: At most 2,000 characters.
labels: At most 50 of 1 to 100 characters each.
user_id: For service_role only: the person whose chat it is and who rates.
Returns: one row or none.
Errors: 22023, 22004, 42501, PT404, PT410, PT503.';
revoke all on function chatkeep.rate_message(uuid, uuid, integer, text, text[], uuid) from public, anon, authenticated, service_role;
grant execute on function chatkeep.rate_message(uuid, uuid, integer, text, text[], uuid) to authenticated, service_role;
