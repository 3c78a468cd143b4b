-- @mastra/pg: no foreign key
create table mastra_threads (
  id text primary key,
  "resourceId" text not null,
  title text not null,
  metadata jsonb,
  "createdAt" timestamp not null,
  "updatedAt" timestamp not null,
  "createdAtZ" timestamptz default now(),
  "updatedAtZ" timestamptz default now()
);
create table mastra_messages (
  id text primary key,
  thread_id text not null,
  content text not null,
  role text not null,
  type text not null,
  "createdAt" timestamp not null,
  "resourceId" text,
  "createdAtZ" timestamptz default now()
);
create index mastra_threads_resourceid_createdat_idx on mastra_threads ("resourceId", "createdAt" desc);
create index mastra_messages_thread_id_createdat_idx on mastra_messages (thread_id, "createdAt" desc);
-- Conversations of other users, so that statements get the plans of tables in use.
insert into mastra_threads (id, "resourceId", title, "createdAt", "updatedAt")
select gen_random_uuid(), 'other', '', now(), now() from generate_series(1, 2000);
insert into mastra_messages (id, thread_id, content, role, type, "createdAt", "resourceId")
select gen_random_uuid(), id, repeat('word ', 200), role, 'v2', now(), 'other'
from mastra_threads, unnest(array['user', 'assistant']) role;
