create or replace function chatkeep_private.check_page_size(value integer) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('page_size', value is not null);
  if value not between 1 and 200 then
    perform chatkeep_private.refuse('22023', 'page_size must be between 1 and 200',
      'Ask for fewer rows and page on with before or after.');
  end if;
end
$$;
comment on function chatkeep_private.check_page_size(integer) is 'Refuses a page size below 1 or above 200.';
revoke all on function chatkeep_private.check_page_size(integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_page_size(integer) to anon, authenticated, service_role;
