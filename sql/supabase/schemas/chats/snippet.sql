create or replace function chatkeep_private.snippet(language text, content text, query tsquery) returns text
language plpgsql immutable parallel safe set search_path = ''
as $$
declare
  -- Private use characters stand for the marks and for angle brackets, which the parser would drop as tags.
  marked text := ts_headline(
    language::regconfig,
    translate(left(content, 32768), '<>' || E'\uE000\uE001\uE002\uE003', E'\uE002\uE003'),
    query,
    E'StartSel="\uE000", StopSel="\uE001", FragmentDelimiter=" … ", MinWords=8, MaxWords=25, '
      || case when char_length(content) <= 300 then 'HighlightAll=true' else 'MaxFragments=2' end);
begin
  marked := replace(replace(marked, '&', '&amp;'), '"', '&quot;');
  marked := replace(replace(marked, E'\uE002', '&lt;'), E'\uE003', '&gt;');
  return replace(replace(marked, E'\uE000', '<mark>'), E'\uE001', '</mark>');
end
$$;
comment on function chatkeep_private.snippet(text, text, tsquery) is
  'An excerpt of a message, or all of a short one, as HTML: the text is escaped, and matches are in <mark>.';
revoke all on function chatkeep_private.snippet(text, text, tsquery) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.snippet(text, text, tsquery) to authenticated, service_role;
