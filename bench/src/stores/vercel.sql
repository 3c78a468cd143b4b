-- vercel/ai-chatbot, lib/db/schema.ts: no index except the keys
create table "User" (
  id uuid primary key default gen_random_uuid(),
  email varchar(64) not null,
  password varchar(64)
);
create table "Chat" (
  id uuid primary key default gen_random_uuid(),
  "createdAt" timestamp not null,
  title text not null,
  "userId" uuid not null references "User" (id),
  visibility varchar not null default 'private'
);
create table "Message_v2" (
  id uuid primary key default gen_random_uuid(),
  "chatId" uuid not null references "Chat" (id),
  role varchar not null,
  parts json not null,
  attachments json not null,
  "createdAt" timestamp not null
);
