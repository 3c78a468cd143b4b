-- Beside memberships, and filled in batches: a count that an append updates would make the chats of one person wait for
-- each other.
create table chatkeep.member_usage (
  user_id uuid not null,
  tenant_id uuid not null,
  chats bigint not null,
  messages bigint not null,
  documents bigint not null,
  attachments bigint not null,
  message_bytes bigint not null,
  document_bytes bigint not null,
  attachment_bytes bigint not null,
  measured_at timestamptz not null,
  constraint member_usage_pkey primary key (user_id, tenant_id),
  constraint member_usage_user_id_fkey foreign key (user_id, tenant_id)
    references chatkeep.memberships (user_id, tenant_id) on update cascade on delete cascade
);
comment on table chatkeep.member_usage is
  'How much a member stores in a tenant, as measure_usage found it. It counts what the member can read or restore.';
comment on column chatkeep.member_usage.chats is 'Archived chats too, and deleted ones until purge_chats removes them.';
comment on column chatkeep.member_usage.messages is 'The messages of these chats on all branches.';
comment on column chatkeep.member_usage.documents is 'Those that the member owns, archived ones too. Deleted ones are left out.';
comment on column chatkeep.member_usage.attachments is
  'The attachments with a storage_path in these chats. An attached document counts among the documents of its owner.';
comment on column chatkeep.member_usage.message_bytes is 'What content, parts and metadata of messages and of summaries take in the tables, after compression.';
comment on column chatkeep.member_usage.document_bytes is 'The sum of documents.byte_size. A document without it adds nothing.';
comment on column chatkeep.member_usage.attachment_bytes is 'The sum of attachments.byte_size. An attachment without it adds nothing.';
comment on column chatkeep.member_usage.measured_at is 'Later changes are not in the row.';
create index member_usage_tenant_id_idx on chatkeep.member_usage (tenant_id);
create index member_usage_measured_at_idx on chatkeep.member_usage (measured_at);
