-- register_document stores one form of each source, byte for byte the same on every engine.
begin;
\ir ../support/identities.psql
select * from no_plan();

-- The stored source, or the SQLSTATE and sentence of the refusal.
create function pg_temp.stored(uri text) returns text language plpgsql as $$
declare
  code text;
  said text;
begin
  return (select d.source_uri from chatkeep.register_document(uri, encode(sha256(gen_random_uuid()::text::bytea), 'hex')) d);
exception when others then
  get stacked diagnostics code = returned_sqlstate, said = message_text;
  return code || ' ' || said;
end
$$;

\ir ../support/source_uris.psql

create temporary table sources (uri text, answer text, name text) on commit drop;
insert into sources values
  ('HTTP://EXAMPLE.com:80', 'http://example.com/', 'scheme and host in lower case, no default port, a path'),
  ('https://example.com:8443/A?B', 'https://example.com:8443/A?B', 'another port, path and query stay'),
  ('http://example.com:443/', 'http://example.com:443/', 'the port of another scheme is no default'),
  ('https://example.com:', 'https://example.com/', 'an empty port'),
  ('ws://h:80?a', 'ws://h/?a', 'a query without a path'),
  ('ftp://h:21', 'ftp://h', 'an empty path stays where it is no web'),
  ('s3://Bucket/Key', 's3://bucket/Key', 'a bucket is a host'),
  ('https://[::1]:443/', 'https://[::1]/', 'IPv6'),
  ('https://[FE80::A]:8080', 'https://[fe80::a]:8080/', 'IPv6 with a port'),
  ('https://[::1', 'https://[::1/', 'a bracket that does not close'),
  ('http://::80', 'http://::80/', 'a host of colons'),
  ('http://a:80:80/', 'http://a:80:80/', 'two ports'),
  ('http://', 'http:///', 'no host'),
  ('http:///', 'http:///', 'no host, but a path'),
  ('file://', 'file://', 'no host and no path'),
  (U&'HTTP://B\00DCCHER.Example/\00C4', U&'http://b\00DCcher.example/\00C4', 'only ASCII has a lower case'),
  (U&'HTTP://\0130I/', U&'http://\0130i/', 'on a Turkish server too'),
  ('https://a/b#c', 'https://a/b', 'a fragment is dropped'),
  ('https://a#b?c', 'https://a/', 'with a query that belongs to it'),
  ('https://a/?b#c#d', 'https://a/?b', 'from the first one on'),
  ('https://a/#token=x', 'https://a/', 'and may hold what is not stored'),
  ('http://a/b/c/./../../g', 'http://a/g', 'dots are followed (RFC 3986 section 5.2.4)'),
  ('http://a/../../b/..', 'http://a/', 'not above the root'),
  ('http://a/b/./', 'http://a/b/', 'a folder stays one'),
  ('http://a/b//../c', 'http://a/b/c', 'an empty segment is a segment'),
  ('http://a/.b/..c/...', 'http://a/.b/..c/...', 'names may begin with dots'),
  ('http://a/%2e%2E/b', 'http://a/%2e%2E/b', 'an escape stays'),
  ('http://a/b?c/../d', 'http://a/b?c/../d', 'dots in the query stay'),
  ('http://h' || repeat('/a/..', 400), 'http://h/', '400 steps down and up'),
  ('http://h' || repeat('/.', 1020), 'http://h/', '1020 steps on the spot'),
  ('http://h' || repeat('/..', 600) || '/', 'http://h/', '600 steps up'),
  ('http://h' || repeat('/', 2040), 'http://h' || repeat('/', 2040), 'nothing but slashes'),
  ('file:///a/../b', 'file:///b', 'an empty authority'),
  ('FILE:/a/./b', 'file:/a/b', 'no authority'),
  ('file:/a/..//host/b', 'file:/.//host/b', 'a path never becomes a host'),
  ('file:/.//host/b', 'file:/.//host/b', 'nor does its form'),
  ('URN:ISBN:0-395-36341-1#p', 'urn:ISBN:0-395-36341-1', 'an opaque URI'),
  ('urn:a/../b', 'urn:a/../b', 'has no path'),
  ('mailto:Ada@Example.com', 'mailto:Ada@Example.com', 'nor a user'),
  ('MAILTO:a b', 'MAILTO:a b', 'text with a blank is a path'),
  (U&'Re:\00A0hello #3', U&'Re:\00A0hello #3', 'with a blank beyond ASCII too'),
  (U&'Re:\3000hello#3', U&'Re:\3000hello#3', 'and with the blank of East Asia'),
  ('Re: hello #3', 'Re: hello #3', 'a subject is a path'),
  ('HTTP://a b/ c#d', 'http://a b/ c', 'text with an authority is a URI all the same'),
  ('notes/a #3.md', 'notes/a #3.md', 'a path keeps what follows #'),
  ('./a/../b', './a/../b', 'a path keeps its dots'),
  ('C:\Docs\..\A#b', 'C:\Docs\..\A#b', 'a drive is no scheme'),
  ('c:/a/../b', 'c:/a/../b', 'with slashes neither'),
  ('//Host/x/../y', '//Host/x/../y', 'two slashes are a path'),
  ('1st:a#b', '1st:a#b', 'a scheme begins with a letter'),
  (U&'\00E4\00E4:a#b', U&'\00E4\00E4:a#b', 'of ASCII'),
  ('  http://A', '  http://A', 'blanks in front make a path'),
  ('?page=2', '?page=2', 'a query alone is a path'),
  (repeat(U&'\00E9', 2048), repeat(U&'\00E9', 2048), '2048 characters'),
  (repeat('s', 2049), '22023 source_uri is longer than 2048 characters', '2049 characters'),
  (repeat('https://a/', 100000), '22023 source_uri is longer than 2048 characters', 'a million characters'),
  ('http://h/#' || repeat('f', 2048), '22023 source_uri is longer than 2048 characters', 'what would be dropped counts'),
  ('http://' || repeat('h', 2040), 'http://' || repeat('h', 2040) || '/', '2048 characters of form'),
  ('http://' || repeat('h', 2041), '22023 source_uri is longer than 2048 characters', '2049 characters of form'),
  ('', '22023 source_uri must not be empty', 'nothing'),
  (null, '22004 source_uri is missing', 'NULL'),
  (E'https://a:b@c\n', '22023 source_uri contains a control character', 'a line break comes before a password'),
  (E'a\x7f', '22023 source_uri contains a control character', 'DEL'),
  (U&'a\0085b', U&'a\0085b', 'a control character beyond ASCII is none'),
  ('https://example.com/?a=1&page_token=2&key=3&code=4', 'https://example.com/?a=1&page_token=2&key=3&code=4', 'parameters that are no secret'),
  ('https://example.com/?password', 'https://example.com/?password', 'a name without a value'),
  ('https://example.com/token=3', 'https://example.com/token=3', 'a path is no query'),
  ('https://example.com/@ada', 'https://example.com/@ada', 'an @ in the path'),
  ('https://example.com/?q=a:b@c', 'https://example.com/?q=a:b@c', 'an @ in the query'),
  ('git@example.com:a/b.git', 'git@example.com:a/b.git', 'a user of SSH'),
  ('file:///a@b:c', 'file:///a@b:c', 'an @ in the name of a file'),
  ('Login & Password', 'Login & Password', 'a title');
insert into sources select uri, '22023 source_uri carries credentials', 'refused: ' || uri from unnest(array[
  'https://a@b', 'https://user:pw@host/', 'https://user:pw\@host/', 'https://us:er:pw@[::1]/', 'https:///user@host/', 'HTTPS:user:pw@host',
  'http:\\user@host', 'ftp:/user:pw@host/', '//user:pw@host/x', '//user@host', ' //user@host', '  http:user:pw@host', 'c://user@host', 'x y://user@host', 'jdbc:postgresql://u:p@host/db',
  'https://a/ftp://user:pw@host/', 'https://a/?next=http://user:pw@host', 'https://a/?next=https%3A%2f%2Fuser%3Apw%40host', 'https%3a//user@host',
  'http://a/x:/.//user:pw@b', 'https://a%40b/',
  'https://a/?X-Amz-Signature=x', 'https://a/?x-amz-security-token=x', 'https://a/?X-Goog-Signature=x', 'https://a/?x-oss-signature=x',
  'https://a/?x-oss-security-token=x', 'https://a/?q-signature=x', 'https://a/?x-cos-security-token=x', 'https://a/?x-obs-security-token=x',
  'https://a/?Signature=x', 'https://a/?sig=x', 'https://a/?TOKEN=x', 'https://a/?access_token=x', 'https://a/?refreshToken=x', 'https://a/?id_token=x',
  'https://a/?auth-token=x', 'https://a/?api_key=x', 'https://a/?apikey=x', 'https://a/?api.token=x', 'https://a/?secret=x', 'https://a/?client_secret=x',
  'https://a/?password=x', 'https://a/?db_passwd=x', 'https://a/?user[password]=x', 'https://a/?pwd=x', 'https://a/?jwt=x', 'https://a/?authorization=x',
  'https://a/?__token__=x', 'https://a/?t%6Fken=x', 'https://a/?%54OKEN=x', 'https://a/?a=b%26token=x', 'https://a/?token%3Dx', 'https://a/?token=',
  'https://a/?b?token=x', 'https://a/??token=x', 'https://a/?b;token=x', 'https://a/?b&amp;token=x', 'https://a/b;jsessionid=x', 'https://a/;token=x/?b',
  'https://a/?b& token =x', 'https://a/?next=https://b/?token=x', 'https://a/?next=%2Flogin%3Ftoken%3Dx', 'https://a/?%E4&sig=x',
  '?token=x', 'a?token=x', 'notes/a b#access_token=x', 'C:\a?sig=x', 'mailto:a@b?token=x'
]) uri;
grant select on sources, vectors to public;

select pg_temp.sign_in('ada');
select is(pg_temp.stored(uri), answer, name) from sources;
select is_empty($$ select uri, answer, pg_temp.stored(answer) from sources where answer !~ '^220' and pg_temp.stored(answer) is distinct from answer $$,
  'a form is its own form');
select is_empty($$ select uri, answer, pg_temp.stored(uri) from vectors where pg_temp.stored(uri) is distinct from answer $$,
  'for many sources every engine gives core''s form or refusal');
select is_empty($$ select answer from vectors where answer !~ '^220' and pg_temp.stored(answer) is distinct from answer $$,
  'and their forms are their own forms');

-- Two spellings are one source.
select results_eq($$ select outcome, source_uri, supersedes is not null from chatkeep.register_document('HTTPS://Example.com:443/x/../one#top', repeat('0', 64)) d
    union all select outcome, source_uri, supersedes is not null from chatkeep.register_document('https://example.com/one', repeat('1', 64)) d $$,
  $$ values ('created', 'https://example.com/one', false), ('new_version', 'https://example.com/one', true) $$,
  'two spellings of a source are two versions of one document');

select * from finish();
rollback;
