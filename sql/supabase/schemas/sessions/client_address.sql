-- The address is only shown in a list of devices, so text that holds none must never fail a sign-in.
create or replace function chatkeep_private.client_address(forwarded text) returns inet
language plpgsql immutable set search_path = ''
as $$
declare
  item text;
  address text;
begin
  -- Anybody can send a header X-Forwarded-For of any length, so the number of items bounds the work.
  foreach item in array (string_to_array(coalesce(forwarded, ''), ','))[:20] loop
    item := btrim(item, E' \t\r\n');
    address := case
      -- [2001:db8::1]:443, [fe80::1%eth0]
      when item like '[%]%' then
        case when translate(split_part(item, ']', 2), '0123456789', '') in ('', ':') then split_part(substr(split_part(item, ']', 1), 2), '%', 1) end
      -- 192.0.2.1:443
      when item like '%:%' and item not like '%:%:%' and translate(split_part(item, ':', 2), '0123456789', '') = '' then split_part(item, ':', 1)
      -- 192.0.2.1, 2001:db8::1, fe80::1%eth0
      else split_part(item, '%', 1)
    end;
    if address <> '' and translate(address, '0123456789ABCDEFabcdef.:/', '') = '' then
      begin
        return address::inet;
      exception when invalid_text_representation then
        continue;
      end;
    end if;
  end loop;
  return null;
end
$$;
comment on function chatkeep_private.client_address(text) is
  'The first address in what a proxy writes: with a port, in brackets, with a zone, or a list of these. NULL if there is none among the first 20.';
revoke all on function chatkeep_private.client_address(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.client_address(text) to authenticated, service_role;
