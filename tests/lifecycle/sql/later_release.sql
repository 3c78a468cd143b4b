-- An example of a later release: a table's new column, index and policy, new bodies for a call and for a function that
-- policies use, and a new call. The upgrade test applies it after the migrations.

alter table chatkeep.users add column locale text not null default 'en'
  constraint users_locale_length check (char_length(locale) <= 35);
comment on column chatkeep.users.locale is 'BCP 47: the language of the surface.';
grant update (locale) on chatkeep.users to authenticated;
create index users_locale_idx on chatkeep.users (locale);
alter policy users_update on chatkeep.users with check (id = (select chatkeep.uid()) and locale <> '');

create or replace function chatkeep.uid() returns uuid
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select i.id from chatkeep_private.claimed_identity() i);
end
$$;
comment on function chatkeep.uid() is 'The signed-in user, as a later release asks for it.';

create or replace function chatkeep_private.check_age(argument text, value interval) returns void
language plpgsql immutable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present(argument, value is not null);
  if value < interval '0' then
    perform chatkeep_private.refuse('22023', argument || ' must not lie in the future', 'Pass an interval such as ''15 minutes''.');
  end if;
end
$$;

create function chatkeep.locale() returns text
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  return (select u.locale from chatkeep.users u where u.id = chatkeep.uid());
end
$$;
comment on function chatkeep.locale() is 'The signed-in user''s language.';
revoke all on function chatkeep.locale() from public, anon, authenticated, service_role;
grant execute on function chatkeep.locale() to authenticated;
