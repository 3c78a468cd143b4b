-- langchain-postgres, chat_message_histories.py
create table chat_history (
  id serial primary key,
  session_id uuid not null,
  message jsonb not null,
  created_at timestamptz not null default now()
);
create index idx_chat_history_session_id on chat_history (session_id);
-- Conversations of other users, so that statements get the plans of a table in use.
insert into chat_history (session_id, message)
select gen_random_uuid(), jsonb_build_object('type', 'human', 'data', jsonb_build_object('content', repeat('word ', 100)))
from generate_series(1, 4000);
