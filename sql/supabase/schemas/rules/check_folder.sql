create or replace function chatkeep_private.check_folder(folder text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  if folder = '' then
    perform chatkeep_private.refuse('22023', 'folder must not be empty', 'Pass 1 to 200 characters.');
  end if;
  perform chatkeep_private.check_length('folder', folder, 200);
end
$$;
comment on function chatkeep_private.check_folder(text) is 'Refuses a folder without a name, and one whose name is too long.';
revoke all on function chatkeep_private.check_folder(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_folder(text) to authenticated, service_role;
