create or replace function chatkeep_private.search_vector(language text, content text) returns tsvector
language plpgsql immutable parallel safe set search_path = '' set client_min_messages = warning
as $$
declare
  config regconfig := language::regconfig;
  vector tsvector := ''::tsvector;
  piece text;
  place integer := 1;
begin
  if octet_length(content) <= 262144 then
    begin
      return to_tsvector(config, content);
    exception when program_limit_exceeded then
      null;
    end;
  end if;
  -- A tsvector holds at most 1 MiB, positions included. Without positions, built piece by piece, the words of 1 MiB
  -- of text fit. If they do not, the first ones are kept.
  while place <= char_length(content) loop
    piece := substr(content, place, 50000);
    if char_length(piece) = 50000 and position(' ' in piece) > 0 then
      piece := left(piece, 50001 - position(' ' in reverse(piece)));
    end if;
    begin
      vector := vector || strip(to_tsvector(config, piece));
    exception when program_limit_exceeded then
      return vector;
    end;
    place := place + char_length(piece);
  end loop;
  return vector;
end
$$;
comment on function chatkeep_private.search_vector(text, text) is
  'The words of a message of any size; never an error.';
revoke all on function chatkeep_private.search_vector(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.search_vector(text, text) to authenticated, service_role;
