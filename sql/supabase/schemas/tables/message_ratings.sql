create table chatkeep.message_ratings (
  message_id uuid not null,
  chat_id uuid not null,
  tenant_id uuid not null,
  user_id uuid not null,
  rated_by uuid not null,
  created_at timestamptz not null default now(),
  updated_at timestamptz not null default now(),
  rating integer not null,
  comment text,
  labels text[] not null default '{}',
  constraint message_ratings_pkey primary key (message_id, chat_id, tenant_id, rated_by),
  constraint message_ratings_message_id_fkey foreign key (message_id, chat_id, tenant_id)
    references chatkeep.messages (id, chat_id, tenant_id) on update cascade on delete cascade,
  -- A rating changes hands with its chat.
  constraint message_ratings_chat_id_fkey foreign key (user_id, chat_id, tenant_id)
    references chatkeep.chats (user_id, id, tenant_id) on update cascade on delete cascade,
  -- A rating is its author's: it goes when the author's membership goes.
  constraint message_ratings_rated_by_fkey foreign key (rated_by, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade,
  constraint message_ratings_rating_is_up_or_down check (abs(rating) = 1),
  constraint message_ratings_comment_length check (char_length(comment) <= 2000),
  constraint message_ratings_labels_number check (cardinality(labels) <= 50)
);
comment on table chatkeep.message_ratings is 'What one person thinks of a message. Only rate_message writes rows.';
comment on column chatkeep.message_ratings.user_id is 'Owner of the chat.';
comment on column chatkeep.message_ratings.rated_by is 'The person who rates: the owner, or somebody with whom the chat is shared.';
comment on column chatkeep.message_ratings.rating is '1 or -1: thumb up or down.';
comment on column chatkeep.message_ratings.comment is 'At most 2,000 characters.';
comment on column chatkeep.message_ratings.labels is 'At most 50, of 1 to 100 characters each.';
create index message_ratings_user_id_idx on chatkeep.message_ratings (user_id, chat_id, tenant_id);
create index message_ratings_rated_by_idx on chatkeep.message_ratings (rated_by, tenant_id);
