-- rate_message: one thumb per person and message, with a comment and labels.
begin;
\ir ../support/identities.psql
select * from no_plan();
create function pg_temp.rated(arguments text) returns text language plpgsql as $$
declare
  r chatkeep.message_ratings;
begin
  execute 'select * from chatkeep.rate_message(' || arguments || ')' into r;
  return case when r.message_id is null then 'none' else concat_ws(' ', r.rating, r.comment, r.labels) end;
end
$$;
grant execute on function pg_temp.rated(text) to authenticated, service_role;
\ir ../support/shared_chat.psql
select pg_temp.sign_in('ada');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), 1'), '1 {}', 'a thumb up needs nothing else');
select is((select row(r.user_id = r.rated_by, r.user_id = pg_temp.person('ada'), r.chat_id = :'chat', r.tenant_id = chatkeep.tenant_id(), r.created_at = r.updated_at)::text
  from chatkeep.message_ratings r where r.message_id = pg_temp.id('a3')), '(t,t,t,t,t)', 'it says whose chat and whose rating it is');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1, ''wrong city'', array[''facts'', ''tone'', ''facts'']'), '-1 wrong city {facts,tone}', 'another takes its place, with each label once');
select is((select count(*)::integer from chatkeep.message_ratings), 1, 'there is one');
select is((select created_at < updated_at from chatkeep.message_ratings), true, 'and updated_at has moved');
select updated_at as moved, xmin as version from chatkeep.message_ratings \gset
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1, ''wrong city'', array[''facts'', ''tone'']'), '-1 wrong city {facts,tone}', 'the same again returns the row');
select is((select updated_at || ' ' || xmin from chatkeep.message_ratings), :'moved'::timestamptz || ' ' || :'version', 'and writes nothing');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1'), '-1 {}', 'a comment and labels that are left out go');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), null'), 'none', 'a rating is taken back');
select is_empty('select from chatkeep.message_ratings', 'and is gone');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), null'), 'none', 'again changes nothing');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a2''), 1, repeat(''ä'', 2000), array_fill(repeat(''ä'', 100), array[50])'), '1 ' || repeat('ä', 2000) || ' {' || repeat('ä', 100) || '}', 'the longest values, on a branch that is not active');
select is((select (updated_at, last_seq)::text from chatkeep.chats where id = :'chat'), (select (created_at, 4)::text from chatkeep.messages where id = pg_temp.id('a4')), 'the chat stays as it was');
select count(*) as redacted from chatkeep.redact_message(:'chat', pg_temp.id('a3')) \gset
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1'), '-1 {}', 'a redacted message can be rated');

-- Arguments.
create temporary table refused (name text, arguments text, expected text) on commit drop;
insert into refused values
  ('no chat', 'null, pg_temp.id(''a1''), 1', '22004 chat_id is missing | Pass a value; null is not accepted here.'),
  ('no message', 'pg_temp.id(''c1''), null, 1', '22004 message_id is missing | Pass a value; null is not accepted here.'),
  ('a zero', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 0', '22023 rating must be 1 or -1 | Pass null to take the rating back.'),
  ('five stars', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 5', '22023 rating must be 1 or -1 | Pass null to take the rating back.'),
  ('the largest number', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 2147483647', '22023 rating must be 1 or -1 | Pass null to take the rating back.'),
  ('a long comment', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 1, repeat(''x'', 2001)', '22023 comment is longer than 2000 characters | Shorten it.'),
  ('51 labels', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 1, labels => array_fill(''a''::text, array[51])', '22023 labels has more than 50 items | Use fewer of them.'),
  ('a label of NULL', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 1, labels => array[''a'', null]', '22023 labels must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('an empty label', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 1, labels => array['''']', '22023 labels must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('labels of two dimensions', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 1, labels => array[array[''a''],array[''b'']]', '22023 labels must be names of 1 to 100 characters | Leave out null and empty ones, and shorten long ones.'),
  ('a comment alone', 'pg_temp.id(''c1''), pg_temp.id(''a1''), null, ''why''', '22023 rating is missing beside a comment or labels | Pass 1 or -1 with them, or leave them out to take the rating back.'),
  ('labels alone', 'pg_temp.id(''c1''), pg_temp.id(''a1''), null, labels => array[''a'']', '22023 rating is missing beside a comment or labels | Pass 1 or -1 with them, or leave them out to take the rating back.'),
  ('an unknown chat', 'pg_temp.id(''ff''), pg_temp.id(''a1''), 1', 'PT404 chat_id names no chat of yours | Make the chat with create_chat, or check the id.'),
  ('an unknown message', 'pg_temp.id(''c1''), pg_temp.id(''ff''), 1', 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('a message of another chat', 'pg_temp.id(''c1''), pg_temp.id(''b1''), 1', 'PT404 message_id names no message of this chat | Pass the id of a message of the same chat.'),
  ('somebody else''s name', 'pg_temp.id(''c1''), pg_temp.id(''a1''), 1, user_id => pg_temp.person(''bob'')', '42501 user_id can be named by service_role only | Leave user_id out to act for yourself.');
grant select on refused to public;
select is(pg_temp.refusal('select * from chatkeep.rate_message(' || arguments || ')'), expected, name) from refused;
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a1''), 1, user_id => chatkeep.uid()'), '1 {}', 'one''s own name is accepted');
select count(*) as deleted from chatkeep.delete_chat(:'chat') \gset
select is(split_part(pg_temp.refusal('select * from chatkeep.rate_message(pg_temp.id(''c1''), pg_temp.id(''a1''), -1)'), ' ', 1), 'PT410', 'a message of a deleted chat');
select is_empty('select from chatkeep.message_ratings', 'whose ratings are hidden');

-- People with whom the chat is shared.
rollback to written;
select pg_temp.sign_in('ada');
select pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), 1, ''mine''') \g /dev/null
select id as share from chatkeep.share_chat(:'chat', pg_temp.person('bob'), up_to_message_id => pg_temp.id('a3')) \gset
select pg_temp.sign_in('bob');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1, ''not so''') || current_setting('chatkeep.writing'), '-1 not so {}', 'whoever may read a shared chat rates it');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1, ''not so'''), '-1 not so {}', 'and has the own rating returned');
select is(pg_temp.rated('pg_temp.id(''c1''), pg_temp.id(''a3''), -1, ''not at all'''), '-1 not at all {}', 'and changes it');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.rate_message(%L, pg_temp.id(%L), 1)', :'chat', m)), ' ', 1), 'PT404', m || ' is not shown by the share') from unnest(array['a2', 'a4', 'b1', 'ff']) m;
select is(split_part(pg_temp.refusal('select * from chatkeep.rate_message(pg_temp.id(''c2''), pg_temp.id(''b1''), 1)'), ' ', 1), 'PT404', 'nor is another chat of its owner');
select is(pg_temp.sees() + (select count(*) from chatkeep.message_ratings), 0::bigint, 'a table request shows the reader nothing');
-- With a forged marker.
select set_config('chatkeep.writing', 'on', true) \g /dev/null
select matches(pg_temp.refusal(format('insert into chatkeep.message_ratings (message_id, chat_id, tenant_id, user_id, rated_by, rating) values (pg_temp.id(%L), %L, chatkeep.tenant_id(), pg_temp.person(''ada''), chatkeep.uid(), 1)', m, :'chat')),
  '^42501 new row violates row-level security', 'a marker without the share rates nothing of others') from unnest(array['a1', 'a4']) m;
select set_config('chatkeep.writing', 'on ' || :'share', true) \g /dev/null
select matches(pg_temp.refusal(format('insert into chatkeep.message_ratings (message_id, chat_id, tenant_id, user_id, rated_by, rating) values (pg_temp.id(%L), %L, chatkeep.tenant_id(), pg_temp.person(''ada''), %L, 1)', m, :'chat', pg_temp.person(p))),
  '^42501 new row violates row-level security', 'nor does the marker of a share rate ' || m || ' for ' || p) from (values ('a4', 'bob'), ('a2', 'bob'), ('a1', 'ada'), ('a1', 'cyd')) f (m, p);
select is((select array_agg(rated_by) from chatkeep.message_ratings), array[pg_temp.person('bob')], 'it shows the own rating');
with changed as (update chatkeep.message_ratings set rating = 1 where rated_by <> chatkeep.uid() returning 1), removed as (delete from chatkeep.message_ratings where rated_by <> chatkeep.uid() returning 1)
select is((select count(*) from changed) + (select count(*) from removed), 0::bigint, 'and changes no other');
select set_config('chatkeep.writing', '', true) \g /dev/null
select pg_temp.sign_in('cyd');
select is(split_part(pg_temp.refusal('select * from chatkeep.rate_message(pg_temp.id(''c1''), pg_temp.id(''a1''), 1)'), ' ', 1), 'PT404', 'a member without the share rates nothing');
select pg_temp.sign_in('ada');
select results_eq('select m.content::text, r.rated_by, r.rating::integer, r.comment from chatkeep.list_messages(pg_temp.id(''c1'')) m join chatkeep.message_ratings r on r.message_id = m.id and r.chat_id = m.chat_id order by 3',
  format('values (''right'', %L::uuid, -1, ''not at all''), (''right'', %L, 1, ''mine'')', pg_temp.person('bob'), pg_temp.person('ada')), 'the owner reads all ratings');
select set_config('chatkeep.writing', 'on', true) \g /dev/null
with changed as (update chatkeep.message_ratings set rating = 1 where rated_by <> chatkeep.uid() returning 1)
select is((select count(*) from changed), 0::bigint, 'and changes nobody else''s with a forged marker');
select set_config('chatkeep.writing', '', true) \g /dev/null
select matches(pg_temp.refusal('insert into chatkeep.message_ratings (message_id, chat_id, tenant_id, user_id, rated_by, rating) values (pg_temp.id(''a1''), pg_temp.id(''c1''), chatkeep.tenant_id(), chatkeep.uid(), chatkeep.uid(), 1)'),
  '^42501 new row violates row-level security', 'no table request makes a rating');
select is(pg_temp.refusal(statement), '42501 rows of message_ratings cannot be ' || verb || ' directly | rate_message changes the caller''s own rating, and takes it back.', 'or lets one be ' || verb)
from (values ('update chatkeep.message_ratings set rating = 1', 'changed'), ('delete from chatkeep.message_ratings', 'deleted')) w (statement, verb);
savepoint rated;
select count(*) as revoked from chatkeep.revoke_share(:'share') \gset
select pg_temp.sign_in('bob');
select is(split_part(pg_temp.refusal('select * from chatkeep.rate_message(pg_temp.id(''c1''), pg_temp.id(''a1''), 1)'), ' ', 1), 'PT404', 'with the share the right ends');

-- A service.
select pg_temp.serve();
select is(pg_temp.refusal('select * from chatkeep.rate_message(pg_temp.id(''c1''), pg_temp.id(''a1''), 1)'), '42501 no user is signed in | Send the user''s JWT, or call as service_role where a user is named.', 'a service names the person');
select is(pg_temp.rated(format('pg_temp.id(''c1''), pg_temp.id(''a1''), 1, ''by mail'', user_id => %L', pg_temp.person('ada'))), '1 by mail {}', 'and rates for this person');
select is(split_part(pg_temp.refusal(format('select * from chatkeep.rate_message(pg_temp.id(''c1''), pg_temp.id(''a1''), 1, user_id => %L)', pg_temp.person('bob'))), ' ', 1), 'PT404', 'whose chat it is');

-- The chat goes to somebody else, and people leave.
rollback to rated;
select pg_temp.serve();
select count(*) as given from chatkeep.transfer_chat(:'chat', pg_temp.person('cyd')) \gset
select is((select array_agg(distinct user_id) from chatkeep.message_ratings), array[pg_temp.person('cyd')], 'ratings change hands with their chat');
rollback to rated;
reset role;
delete from auth.users where id = pg_temp.person('bob');
select is((select array_agg(rated_by) from chatkeep.message_ratings), array[pg_temp.person('ada')], 'the ratings of an erased person go');
rollback to rated;
reset role;
delete from auth.users where id = pg_temp.person('ada');
select is_empty('select from chatkeep.message_ratings', 'and those in the person''s chats');
rollback to rated;
reset role;
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' where user_id = pg_temp.person('ada');
select is((select array_agg(rated_by || ' ' || tenant_id) from chatkeep.message_ratings), array[pg_temp.person('ada') || ' 00000000-0000-4000-8000-000000007e02'],
  'the own ratings move with the owner of a chat, and those of colleagues stay behind');
rollback to rated;
reset role;
update chatkeep.memberships set tenant_id = '00000000-0000-4000-8000-000000007e02' where user_id = pg_temp.person('bob');
select is((select array_agg(rated_by) from chatkeep.message_ratings), array[pg_temp.person('ada')], 'whoever moves leaves no rating behind');
rollback to rated;
select pg_temp.serve();
delete from chatkeep.chats where id = :'chat';
select is_empty('select from chatkeep.message_ratings', 'ratings go with their messages');

select * from finish();
rollback;
