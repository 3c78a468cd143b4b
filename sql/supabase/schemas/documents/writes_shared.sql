-- Colleagues change a shared document under the tenant's lock, so its owner takes the lock too. An item that takes a
-- source from other documents may reach a shared one.
create or replace function chatkeep_private.writes_shared(class text, shared boolean) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  return class = 'other' or (class <> 'duplicate' and shared is true);
end
$$;
comment on function chatkeep_private.writes_shared(text, boolean) is
  'Whether a registration of this class may change documents that the tenant shares.';
revoke all on function chatkeep_private.writes_shared(text, boolean) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.writes_shared(text, boolean) to authenticated, service_role;
