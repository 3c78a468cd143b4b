-- uid() returns what auth.uid() returns for a user of Supabase Auth, for all claims that a JWT may hold. Claims that auth.uid()
-- refuses give no access.
begin;
\ir ../support/identities.psql
select * from no_plan();

select pg_temp.sign_in('ada');
select id as chat from chatkeep.create_chat('index') \gset

-- The claims of Ada, followed by more.
create function pg_temp.adas(more text) returns text language sql immutable as $$
  select '{"role":"authenticated","sub":"00000000-0000-4000-8000-00000000ada0"' || more
$$;

create temporary table claims (n integer generated always as identity, claims text, what text);
grant select on claims to authenticated;
insert into claims (claims, what) values
  (pg_temp.adas('} x'), 'a word behind the last brace'),
  (pg_temp.adas('}}'), 'a brace too many'),
  (pg_temp.adas('}{}'), 'an object behind the object'),
  (pg_temp.adas(''), 'a brace too few'),
  (pg_temp.adas(' "x":1}'), 'no comma'),
  (pg_temp.adas(',}'), 'a comma too many'),
  (pg_temp.adas(',"x"}'), 'a key without a value'),
  (pg_temp.adas(',"x":[1,]}'), 'a comma too many in an array'),
  (pg_temp.adas(',"x":[}'), 'brackets of two kinds'),
  (pg_temp.adas(',x:1}'), 'a key without quotes'),
  (pg_temp.adas(',"x":tru}'), 'half of a word'),
  (pg_temp.adas(',"x":NaN}'), 'what is no number'),
  (pg_temp.adas(',"x":01}'), 'a zero in front'),
  (pg_temp.adas(',"x":1.}'), 'a point without digits'),
  (pg_temp.adas(E',"x":"\n"}'), 'a control character'),
  (pg_temp.adas(',"x":"\x"}'), 'an escape that is none'),
  (pg_temp.adas(',"x":"\u12g4"}'), 'an escape with a wrong digit'),
  (pg_temp.adas(',"x":{"y":"\u0000"}}'), 'U+0000 inside another claim'),
  (pg_temp.adas(',"x":{"\u0000":1}}'), 'U+0000 in a key'),
  (pg_temp.adas(',"x":["\ud83d"]}'), 'the first half of a surrogate pair'),
  (pg_temp.adas(',"x":["\ude00"]}'), 'the second half of a surrogate pair'),
  (pg_temp.adas(',"x":["\ud83d\u0041"]}'), 'half of a surrogate pair before a letter'),
  (pg_temp.adas(',"x":1e-16384}'), 'a number that is too small'),
  (pg_temp.adas(',"x":1e999999}'), 'a number that is too large'),
  (pg_temp.adas(format(',"x":%s}', repeat('1', 140000))), 'a number that is too long'),
  (pg_temp.adas(format(',"x":%s%s}', repeat('[', 100000), repeat(']', 100000))), 'too many levels'),
  (pg_temp.adas(',"sub":"00000000-0000-4000-8000-00000000b0b0"}'), 'two subjects'),
  (pg_temp.adas(',"\u0073ub":"00000000-0000-4000-8000-00000000b0b0"}'), 'a second subject by an escape'),
  (pg_temp.adas(',"sub":null}'), 'a second subject that is nobody'),
  (pg_temp.adas(',"x":{"sub":"00000000-0000-4000-8000-00000000b0b0"}}'), 'a subject inside another claim'),
  (pg_temp.adas(',"x":1.5e3}'), 'an exponent'),
  (pg_temp.adas(format(',"x":%s%s}', repeat('[', 100), repeat(']', 100))), 'a hundred levels'),
  (pg_temp.adas(',"x":"\ud83d\ude00 \\u0000"}'), 'a pair, and an escaped backslash'),
  (pg_temp.adas(E'\t,\r\n"":-0.5}\n'), 'white space and an empty key'),
  ('["sub","00000000-0000-4000-8000-00000000ada0"]', 'an array');

select is(pg_temp.under(c.claims, 'select chatkeep.uid()'), pg_temp.under(c.claims, 'select auth.uid()'), 'uid() says what auth.uid() says: ' || c.what)
from claims c order by c.n;
select is(
  (select count(*)::int from claims c
   where pg_temp.under(c.claims, 'select auth.uid()') ~ '^[0-9A-Z]{5} '
     and pg_temp.under(c.claims, 'select chatkeep.tenant_id()') is distinct from pg_temp.under(c.claims, 'select auth.uid()')),
  0, 'claims that auth.uid() refuses have no tenant');
select is(
  (select count(*)::int from claims c
   where pg_temp.under(c.claims, 'select auth.uid()') ~ '^[0-9A-Z]{5} '
     and pg_temp.under(c.claims, format($$ select count(*) from chatkeep.list_messages(%L) $$, :'chat')) is distinct from pg_temp.under(c.claims, 'select auth.uid()')),
  0, 'and read no chat');

select * from finish();
rollback;
