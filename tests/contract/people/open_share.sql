-- open_share: whoever has the secret of a link reads the active path of one chat, signed in or not.
begin;
\ir ../support/identities.psql
select * from no_plan();
\ir ../support/shared_chat.psql
select id as share_id, secret, by_link from chatkeep.share_chat(:'chat', by_link => true) \gset
select matches(:'secret'::text, '^cksh_[A-Za-z0-9_-]{32}$', 'a link has a secret');
select is((select secret_digest from chatkeep.chat_shares where id = :'share_id'),
  sha256(decode(translate(substr(:'secret', 6), '-_', '+/'), 'base64')), 'which is stored as a digest');
select isnt((select secret from chatkeep.share_chat(:'chat', by_link => true)), :'secret'::text, 'each link is a share of its own');
savepoint shared;

select pg_temp.sign_out();
select is((select row(share_id, chat_id, title, permission, up_to_seq, expires_at)::text from chatkeep.open_share(:'secret')),
  format('(%s,%s,plans,read,,)', :'share_id', :'chat'), 'the holder of the link opens the chat without signing in');
select is((select string_agg(m ->> 'content', ' ' order by n) from chatkeep.open_share(:'secret'), jsonb_array_elements(messages) with ordinality e (m, n)), 'one right two', 'reads the active path');
select is((select messages -> 0 -> 'attachments' #- '{0,id}' from chatkeep.open_share(:'secret')),
  '[{"name": "map.png", "mime_type": null, "byte_size": null, "storage_path": "ada/map.png"}]', 'with its attachments');
select is((select string_agg(k, ' ' order by k) from chatkeep.open_share(:'secret'), jsonb_object_keys(messages -> 0) k),
  'attachments content created_at id model parts role seq status', 'and nothing of the owner besides');
select is((select jsonb_array_length(messages) from chatkeep.open_share(:'secret', page_size => 2)), 2, 'in pages');
select is((select messages #>> '{0,content}' from chatkeep.open_share(:'secret', after => (
  select (messages #>> '{1,created_at}')::timestamptz from chatkeep.open_share(:'secret', page_size => 2)))), 'two', 'the next one begins after the last time');
select is((select messages from chatkeep.open_share(:'secret', after => 'infinity')), '[]', 'after the end there is none');
select is(current_user || ' ' || pg_temp.refusal('select id from chatkeep.messages'), 'anon 42501 permission denied for table messages', 'tables stay closed');
select is(current_setting('chatkeep.presented_link', true) || current_setting('chatkeep.writing', true), '', 'the secret and the marker are gone after the call');
select pg_temp.sign_in('eve');
select is((select jsonb_array_length(messages) from chatkeep.open_share(:'secret')), 3, 'a signed-in user of another tenant opens it too');
select is(pg_temp.sees(), 0::bigint, 'and sees no row of a table');
select is_empty('select from chatkeep.shared_with_me', 'it is in no list');
select is(split_part(pg_temp.may(:'chat'), ',', 1), 'list PT404', 'the secret opens nothing afterwards');
select pg_temp.sign_in('ada');
select is((select jsonb_array_length(messages) from chatkeep.open_share(:'secret')), 3, 'the owner too');
select is((select jsonb_array_length(messages) from chatkeep.open_share(share_id => :'share_id')), 3, 'by the id of the share as well');
select pg_temp.serve();
select is((select jsonb_array_length(messages) from chatkeep.open_share(:'secret')), 3, 'and a service');

-- Up to a message; and with the id of a share.
rollback to shared;
select secret from chatkeep.share_chat(:'chat', by_link => true, up_to_message_id => pg_temp.id('a3')) \gset
select id as share_id from chatkeep.share_chat(:'chat', pg_temp.person('bob'), up_to_message_id => pg_temp.id('a1')) \gset
select pg_temp.sign_out();
select is((select jsonb_array_length(messages) || ' ' || up_to_seq from chatkeep.open_share(:'secret')), '2 3', 'a link can end at a message');
select pg_temp.serve();
select is((select jsonb_array_length(messages) from chatkeep.open_share(:'secret')), 2, 'for a service too');
select pg_temp.sign_in('bob');
select is((select jsonb_array_length(messages) || ' ' || up_to_seq from chatkeep.open_share(share_id => :'share_id')), '1 1', 'a member opens a share by its id');
select pg_temp.sign_in('cyd');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.open_share(share_id => %L)', :'share_id')), ' ', 1), 'PT404', 'not the share of another member');
select pg_temp.sign_out();
select is(split_part(pg_temp.refusal(format('select * from chatkeep.open_share(share_id => %L)', :'share_id')), ' ', 1), 'PT404', 'and nobody without signing in');

-- Secrets that open nothing. No answer tells them apart.
rollback to shared;
select pg_temp.serve();
update chatkeep.chat_shares set expires_at = clock_timestamp() where id = :'share_id';
select pg_temp.sign_out();
select is(pg_temp.refusal(format('select * from chatkeep.open_share(%L)', s)), 'PT404 secret opens no chat | It was revoked or has expired, or it never was one. Ask the owner of the chat for a new one.', 'a secret that opens nothing: ' || left(s, 40))
from unnest(array[:'secret', '', 'cksh_', 'cksh_' || repeat('A', 32), 'cksh_' || repeat('A', 31), ' ' || :'secret', :'secret' || E'\n', repeat('x', 100000),
  (select '\x' || encode(sha256('x'), 'hex')), :'share_id']) s;
select is(pg_temp.refusal('select * from chatkeep.open_share()'), '22023 secret or share_id must be given, and not both | Pass the secret of a link, or the id of a share from shared_with_me.', 'neither secret nor share');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.open_share(%L, %L)', :'secret', :'share_id')), ' ', 1), '22023', 'both');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.open_share(%L, page_size => 0)', :'secret')), ' ', 1), '22023', 'an empty page');

select * from finish();
rollback;
