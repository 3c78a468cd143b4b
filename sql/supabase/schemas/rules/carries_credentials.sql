create or replace function chatkeep_private.carries_credentials(value text) returns boolean
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  form text;
  names text;
  pieces text[];
  piece text;
begin
  -- Without one of these characters there is neither a user nor a parameter.
  if value is null or value !~ '[@=%]' then
    return false;
  end if;
  form := lower(value collate "C");
  -- The fragment of a URI is not stored, so it does not count.
  if form ~ $re$^[a-z][a-z0-9+.-]+:(?://|[^\u0009-\u000d \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]*$)$re$ then
    form := split_part(form, '#', 1);
  end if;
  for round in 1..2 loop
    -- Tokens are often sent as the user. Browsers find the host after any number of slashes, and after leading
    -- blanks.
    if position('@' in form) > 0 and (
         form ~ '^ *//[^/?#]*@'
         or split_part(form, '://', 2) ~ '^[^/?#]*@'
         or form ~ $re$^ *(?:https?|wss?|ftp):[/\\]*[^/?#\\]*@$re$
         or form ~ '://[^/?#]*:[^/?#]*@') then
      return true;
    end if;
    -- A parameter counts by the end of its name, or by the whole name, without the characters that join words. The
    -- first test is there for speed: few texts contain one of its words, and the full test takes a quarter of the
    -- time.
    names := translate(form, '-_.~+[] ', '');
    if position('=' in form) > 0
       and names ~ 'sig|token|key|secret|pass|pwd|jwt|auth|bearer|credential|assertion|samlresponse|sess|hmac|hdn'
       and names ~ ('[?&;#](?:[^?&;#=]*(?:signature|securitytoken|accesstoken|refreshtoken|authtoken|sessiontoken'
         '|privatetoken|apitoken|apikey|accesskey|secretkey|privatekey|subscriptionkey|secret|secretproof|password'
         '|passwd|passphrase)|sig|token|idtoken|tokenhash|oauthtoken|jobtoken|feedtoken|rsstoken|jwt|pwd|pass|auth'
         '|authkey|authorization|bearer|credentials|assertion|clientassertion|samlresponse|jsessionid|phpsessid|hmac'
         '|hdnea|hdnts)=') then
      return true;
    end if;
    -- A URL inside the query of another URL is percent-encoded.
    exit when round = 2 or form !~ '%[2-7][0-9a-f]';
    pieces := string_to_array(form, '%');
    form := pieces[1];
    foreach piece in array pieces[2:] loop
      form := form || case when piece ~ '^[2-7][0-9a-f]'
        then lower(chr(get_byte(decode(left(piece, 2), 'hex'), 0)) collate "C") || substr(piece, 3)
        else '%' || piece end;
    end loop;
  end loop;
  return false;
end
$$;
comment on function chatkeep_private.carries_credentials(text) is
  'Whether a text has a user, a password, a token or a signature in the place where a URL has one.';
revoke all on function chatkeep_private.carries_credentials(text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.carries_credentials(text) to authenticated, service_role;
