-- Clocks and time zones: the settings of a client's session change neither order nor instants.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
-- The same calls under the settings of three clients.
create function pg_temp.under(zone text, style text, suffix text) returns text language plpgsql as $$
declare
  chat uuid := pg_temp.id('c' || suffix);
  began timestamptz := clock_timestamp();
  said text;
begin
  perform set_config('TimeZone', zone, true), set_config('DateStyle', style, true);
  perform chatkeep.import_chat(jsonb_build_object('id', chat, 'created_at', '2024-03-10T06:59:59Z', 'archived_at', '2024-03-10T02:30:00-05:00', 'messages', jsonb_build_array(
    jsonb_build_object('role', 'user', 'content', 'spring', 'created_at', '2024-03-10T07:00:00.5Z'),
    jsonb_build_object('role', 'user', 'content', 'autumn', 'created_at', '2024-11-03T01:30:00-04:00'),
    jsonb_build_object('role', 'user', 'content', 'again', 'created_at', '2024-11-03T01:30:00-05:00'))));
  perform chatkeep.append_message(chat, 'user', 'now');
  perform chatkeep.append_messages(chat, jsonb_build_array(pg_temp.item('and'), pg_temp.item('then')));
  perform set_config('TimeZone', 'UTC', true), set_config('DateStyle', 'ISO, MDY', true);
  select concat_ws(' ',
    (select c.created_at || ' ' || c.archived_at from chatkeep.chats c where c.id = chat),
    (select string_agg(m.content || ' ' || m.created_at, ', ' order by m.seq) from chatkeep.messages m where m.chat_id = chat and m.seq <= 3),
    (select bool_and(m.created_at between began and clock_timestamp()) from chatkeep.messages m where m.chat_id = chat and m.seq > 3),
    (select string_agg(m.content, ' ' order by m.created_at) from chatkeep.messages m where m.chat_id = chat))
  into said;
  return said;
end
$$;
select is(pg_temp.under('UTC', 'ISO, MDY', '1'),
  '2024-03-10 06:59:59+00 2024-03-10 07:30:00+00 spring 2024-03-10 07:00:00.5+00, autumn 2024-11-03 05:30:00+00, again 2024-11-03 06:30:00+00 t spring autumn again now and then',
  'instants are kept as they were given, and now is now');
select is(pg_temp.under('America/New_York', 'ISO, MDY', '2'), pg_temp.under('UTC', 'ISO, MDY', '3'), 'a session in New York stores the same instants');
select is(pg_temp.under('Asia/Kathmandu', 'German, DMY', '4'), pg_temp.under('UTC', 'ISO, MDY', '5'), 'and one in Kathmandu that writes dates the German way');
select set_config('TimeZone', 'America/New_York', true);
select is((select array_agg(m.content::text) from chatkeep.list_messages(pg_temp.id('c1'), after => '2024-11-03T01:30:00-04:00') m), array['again', 'now', 'and', 'then'], 'a cursor is an instant too');
select is((select array_agg(pg_temp.refusal(format($$ select * from chatkeep.import_chat('{"messages":[{"role":"user","content":"x","created_at":"2024-01-01%s"}]}') $$, suffix)) like '22___ chat.messages[0].created_at %') from unnest(array['', 'T00:00', 'T00:00:00', ' 00:00:00', 'T00:00:00 America/New_York', 'T00:00:00 EST']) suffix),
  array_fill(true, array[6]), 'a time that depends on the session is refused');
select set_config('TimeZone', 'UTC', true);
select is((select i.message_count from chatkeep.import_chat(jsonb_build_object('id', pg_temp.id('c9'), 'messages', '[{"role":"user","content":"x","created_at":"2024-01-01t00:00:00z"},{"role":"user","content":"y","created_at":"2024-01-02T00:00:00.1234567+00:00"}]'::jsonb)) i), 2, 'RFC 3339 allows lower case and any number of digits');
select is((select array_agg(m.created_at order by m.seq) from chatkeep.messages m where m.chat_id = pg_temp.id('c9')), array['2024-01-01T00:00:00Z', '2024-01-02T00:00:00.123457Z']::timestamptz[], 'of which six are kept');

-- The clock steps back: the newest message is a year ahead. Every call continues from there.
select id as chat from chatkeep.create_chat(chat_id => pg_temp.id('d1')) \gset
select count(*) as stored from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('one', pg_temp.id('a1')), pg_temp.item('two', pg_temp.id('a2')))) \gset
reset role;
update chatkeep.messages set created_at = created_at + interval '1 year', updated_at = updated_at + interval '1 year' where chat_id = :'chat';
update chatkeep.chats set updated_at = updated_at + interval '1 year' where id = :'chat';
select updated_at as ahead from chatkeep.chats where id = :'chat' \gset
select pg_temp.sign_in('ada');
select is((select a.created_at - :'ahead'::timestamptz from chatkeep.append_message(:'chat', 'user', 'three') a), interval '1 microsecond', 'an append comes after the newest message, whatever the time of the clock');
select is((select array_agg(a.created_at - :'ahead'::timestamptz) from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('four'), pg_temp.item('five'))) a), array['2 microseconds', '3 microseconds']::interval[], 'a batch comes after the newest message too');
select is((select i.updated_at - :'ahead'::timestamptz from chatkeep.import_chat(jsonb_build_object('id', :'chat', 'messages', jsonb_build_array(jsonb_build_object('role', 'user', 'content', 'six', 'created_at', '2024-01-01T00:00:00Z')))) i), interval '4 microseconds', 'and an import');
select is((select array_agg(m.content::text) from chatkeep.list_messages(:'chat') m), array['one', 'two', 'three', 'four', 'five', 'six'], 'the order is that of the appends');
select is((select array_agg(m.content::text) from chatkeep.list_messages(:'chat', after => :'ahead') m), array['three', 'four', 'five', 'six'], 'a reader''s cursor stays good');
select is((select array_agg(a.outcome || a.seq) from chatkeep.append_messages(:'chat', jsonb_build_array(pg_temp.item('one', pg_temp.id('a1')))) a), array['stored1'], 'a retry is still a retry');
select pg_temp.rows_are(format($$ select count(*)::int from chatkeep.search_messages('six', %L) $$, :'chat'), array[1], 'search finds messages of the future');
select is((select array_agg(distinct m.updated_at - m.created_at) from chatkeep.messages m where m.chat_id = :'chat' and m.seq > 2), array['0'::interval], 'updated_at goes with created_at');
select is((select c.id from chatkeep.delete_chat(:'chat') c), :'chat'::uuid, 'the chat is deleted');
select pg_temp.serve();
select is(chatkeep.purge_chats(), 0, 'and is not taken for one that was deleted long ago');
select pg_temp.sign_in('ada');
select is((select c.deleted_at from chatkeep.restore_chat(:'chat') c), null, 'it can be restored');

select * from finish();
rollback;
