create or replace function chatkeep_private.refuse(code text, message text, hint text) returns void
language plpgsql set search_path = ''
as $$
begin
  raise exception using errcode = refuse.code, message = refuse.message, hint = refuse.hint;
end
$$;
comment on function chatkeep_private.refuse(text, text, text) is
  'Raises a refusal. Nothing else in the portable engine raises one.';
revoke all on function chatkeep_private.refuse(text, text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.refuse(text, text, text) to anon, authenticated, service_role;
