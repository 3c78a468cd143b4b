create or replace function chatkeep_private.random_secret() returns bytea
language sql volatile parallel safe set search_path = ''
as $$
  -- 366 random bits, condensed to 192.
  select substr(sha256(
    uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid()) || uuid_send(gen_random_uuid())), 1, 24)
$$;
comment on function chatkeep_private.random_secret() is '24 random bytes.';
revoke all on function chatkeep_private.random_secret() from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.random_secret() to anon, authenticated, service_role;
