-- openai-agents, extensions/memory/sqlalchemy_session.py
create table agent_sessions (
  session_id varchar primary key,
  created_at timestamp not null default current_timestamp,
  updated_at timestamp not null default current_timestamp
);
create table agent_messages (
  id serial primary key,
  session_id varchar not null references agent_sessions (session_id) on delete cascade,
  message_data text not null,
  created_at timestamp not null default current_timestamp
);
create index idx_agent_messages_session_time on agent_messages (session_id, created_at);
-- Conversations of other users, so that statements get the plans of tables in use.
insert into agent_sessions (session_id) select gen_random_uuid() from generate_series(1, 2000);
insert into agent_messages (session_id, message_data)
select session_id, repeat('word ', 100) from agent_sessions, generate_series(1, 2);
