create or replace function chatkeep_private.check_content(argument text, value text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if octet_length(value) > 1048576 then
    perform chatkeep_private.refuse('22023', argument || ' is longer than 1048576 bytes',
      'Split it, or store it as a document and attach that.');
  end if;
end
$$;
comment on function chatkeep_private.check_content(text, text) is 'Refuses content over 1 MiB.';
revoke all on function chatkeep_private.check_content(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_content(text, text) to authenticated, service_role;
