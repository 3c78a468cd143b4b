create type chatkeep.transfer_counts as (chats integer, documents integer, archived integer);
comment on type chatkeep.transfer_counts is 'How much a transfer gave to the new owner.';
comment on column chatkeep.transfer_counts.chats is 'The chats.';
comment on column chatkeep.transfer_counts.documents is 'The documents.';
comment on column chatkeep.transfer_counts.archived is
  'Those of the documents that were archived, because the new owner has the same source or the same private bytes.';
