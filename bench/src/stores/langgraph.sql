-- langgraph-checkpoint-postgres, MIGRATIONS of base.py, in their final state
create table checkpoints (
  thread_id text not null,
  checkpoint_ns text not null default '',
  checkpoint_id text not null,
  parent_checkpoint_id text,
  type text,
  checkpoint jsonb not null,
  metadata jsonb not null default '{}',
  primary key (thread_id, checkpoint_ns, checkpoint_id)
);
create table checkpoint_blobs (
  thread_id text not null,
  checkpoint_ns text not null default '',
  channel text not null,
  version text not null,
  type text not null,
  blob bytea,
  primary key (thread_id, checkpoint_ns, channel, version)
);
create table checkpoint_writes (
  thread_id text not null,
  checkpoint_ns text not null default '',
  checkpoint_id text not null,
  task_id text not null,
  idx integer not null,
  channel text not null,
  type text,
  blob bytea not null,
  task_path text not null default '',
  primary key (thread_id, checkpoint_ns, checkpoint_id, task_id, idx)
);
create index checkpoints_thread_id_idx on checkpoints (thread_id);
create index checkpoint_blobs_thread_id_idx on checkpoint_blobs (thread_id);
create index checkpoint_writes_thread_id_idx on checkpoint_writes (thread_id);
-- Conversations of other users, so that statements get the plans of tables in use.
insert into checkpoints (thread_id, checkpoint_id, checkpoint)
select gen_random_uuid(), gen_random_uuid(), '{"v": 4, "channel_versions": {"messages": "1"}}' from generate_series(1, 2000);
insert into checkpoint_blobs (thread_id, channel, version, type, blob)
select thread_id, 'messages', '1', 'msgpack', convert_to(repeat('word ', 200), 'UTF8') from checkpoints;
insert into checkpoint_writes (thread_id, checkpoint_id, task_id, idx, channel, type, blob)
select thread_id, checkpoint_id, gen_random_uuid(), 0, 'messages', 'msgpack', convert_to(repeat('word ', 100), 'UTF8')
from checkpoints;
