create or replace function chatkeep_private.check_language(argument text, value text) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present(argument, value is not null);
  if value not in ('simple', 'arabic', 'armenian', 'basque', 'catalan', 'danish', 'dutch', 'english', 'finnish',
                   'french', 'german', 'greek', 'hindi', 'hungarian', 'indonesian', 'irish', 'italian', 'lithuanian',
                   'nepali', 'norwegian', 'portuguese', 'romanian', 'russian', 'serbian', 'spanish', 'swedish',
                   'tamil', 'turkish', 'yiddish') then
    perform chatkeep_private.refuse('22023', argument || ' names no text search configuration',
      'Pass simple, english, german or another one that PostgreSQL brings.');
  end if;
end
$$;
comment on function chatkeep_private.check_language(text, text) is
  'Refuses a name that is not a text search configuration of every supported PostgreSQL.';
revoke all on function chatkeep_private.check_language(text, text) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_language(text, text) to authenticated, service_role;
