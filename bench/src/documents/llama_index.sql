-- llama-index-storage-kvstore-postgres, get_data_model(): its table and indexes
create table data_docstore (
  id serial not null,
  key varchar not null,
  namespace varchar not null,
  value json
);
-- A hash for each document at the beginning. The second row of each document, its node, is left out: it would only slow
-- down the read of all hashes. The indexes are built after the rows, which is faster and makes them denser.
insert into data_docstore (key, namespace, value)
select left(encode(sha256(n::text::bytea), 'hex'), 32)::uuid, 'docstore/metadata',
  format('{"doc_hash": "%s"}', encode(sha256(n::text::bytea), 'hex'))::json
from generate_series(0, current_setting('bench.store')::integer - 1) n;
alter table data_docstore add primary key (id);
alter table data_docstore add constraint "data_docstore:unique_key_namespace" unique (key, namespace);
create index "data_docstore:idx_key_namespace" on data_docstore (key, namespace);
