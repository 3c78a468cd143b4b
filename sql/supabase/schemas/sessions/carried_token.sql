-- Browsers add cookies to requests that other sites start. So a cookie counts only beside the header x-chatkeep-request,
-- which no form can send, and a script of another site only with the gateway's consent (CORS).
create or replace function chatkeep_private.carried_token(
  inout headers text, inout cookies text, out token text, out place text
) returns record
language plpgsql immutable set search_path = ''
as $$
declare
  sent jsonb;
  kept jsonb;
begin
  -- PostgreSQL's own error would quote the text, which holds the token.
  begin
    sent := coalesce(nullif(headers, ''), '{}')::jsonb;
    kept := coalesce(nullif(cookies, ''), '{}')::jsonb;
  exception when data_exception or program_limit_exceeded then
    sent := null;
  end;
  if (jsonb_typeof(sent) = 'object' and jsonb_typeof(kept) = 'object') is not true then
    perform chatkeep_private.refuse('PT401', 'request.headers and request.cookies must be JSON objects',
      'The gateway writes them.');
  end if;
  token := nullif(sent ->> 'x-chatkeep-session', '');
  place := 'x-chatkeep-session';
  if token is null and sent ->> 'x-chatkeep-request' <> '' then
    token := nullif(kept ->> '__Host-chatkeep', '');
    place := '__Host-chatkeep';
  end if;
  headers := sent - 'x-chatkeep-session';
  cookies := kept - '__Host-chatkeep';
end
$$;
comment on function chatkeep_private.carried_token(text, text) is
  'The token of a request, the header or cookie that holds it, and headers and cookies without it. token is NULL if the request carries none.';
revoke all on function chatkeep_private.carried_token(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.carried_token(text, text) to anon, authenticated, service_role;
