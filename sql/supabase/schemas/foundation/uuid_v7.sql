-- UUID version 7 (RFC 9562). PostgreSQL 18 has a function for it. Before, a random UUID gets the Unix time in
-- milliseconds as its first 48 bits, and its version changes from 4 (0100) to 7 (0111).
do $do$
begin
  if current_setting('server_version_num')::integer >= 180000 then
    execute $sql$
      create function chatkeep_private.uuid_v7() returns uuid
      language sql volatile parallel safe set search_path = ''
      as $$ select pg_catalog.uuidv7() $$
    $sql$;
  else
    execute $sql$
      create function chatkeep_private.uuid_v7() returns uuid
      language sql volatile parallel safe set search_path = ''
      as $$
        select encode(
          set_bit(set_bit(
            overlay(uuid_send(gen_random_uuid())
              placing substring(int8send((extract(epoch from clock_timestamp()) * 1000)::bigint) from 3)
              from 1 for 6),
            52, 1), 53, 1),
          'hex')::uuid
      $$
    $sql$;
  end if;
end
$do$;
comment on function chatkeep_private.uuid_v7() is
  'A new UUID version 7. It is ordered by time, so new keys go to the end of their index.';
revoke all on function chatkeep_private.uuid_v7() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.uuid_v7() to authenticated, service_role;
