-- langchain-classic, indexes/_sql_record_manager.py: the table and indexes of create_schema()
create table upsertion_record (
  uuid varchar not null,
  key varchar,
  namespace varchar not null,
  group_id varchar,
  updated_at double precision
);
-- The records at the beginning. The indexes are built after them, which is faster and makes them denser.
insert into upsertion_record (uuid, key, namespace, updated_at)
select gen_random_uuid(), left(encode(sha256(n::text::bytea), 'hex'), 32)::uuid, 'bench', extract(epoch from now())
from generate_series(0, current_setting('bench.store')::integer - 1) n;
alter table upsertion_record add primary key (uuid);
alter table upsertion_record add constraint uix_key_namespace unique (key, namespace);
create index ix_key_namespace on upsertion_record (key, namespace);
create index ix_upsertion_record_group_id on upsertion_record (group_id);
create index ix_upsertion_record_key on upsertion_record (key);
create index ix_upsertion_record_namespace on upsertion_record (namespace);
create index ix_upsertion_record_updated_at on upsertion_record (updated_at);
create index ix_upsertion_record_uuid on upsertion_record (uuid);
