-- What each judge has to see: one fault for every kind of complaint, in a database that is made for this and thrown
-- away. Run by the owner of the schemas. A judge that says nothing of it does not look, and would pass anything.

-- Lints of what is exposed, which look only at the schemas of [api] in config.toml.
create view chatkeep.planted_definer as select id, title from chatkeep.chats;
grant select on chatkeep.planted_definer to authenticated;
create table chatkeep.planted_open (id uuid primary key, session_id text);
grant select on chatkeep.planted_open to anon;

-- Lints of every schema.
create policy planted_mixed on chatkeep.users for delete to authenticated
  using (id = (select auth.uid()) and auth_user_id = auth.uid());
create policy planted_bare on chatkeep.chats for delete to authenticated
  using (user_id = auth.uid());
create function chatkeep.planted_path() returns integer language sql as $$ select 1 $$;
create table chatkeep_private.planted_closed (id uuid primary key);
alter table chatkeep_private.planted_closed enable row level security;

-- db lint: a column that is not there; a variable that nobody reads; a statement that reaches every row.
create function chatkeep.planted_error() returns void language plpgsql set search_path = '' as $$
begin
  perform c.no_such_column from chatkeep.chats c;
end
$$;
create function chatkeep_private.planted_warning() returns void language plpgsql set search_path = '' as $$
declare
  never_read integer;
begin
  null;
end
$$;
create function chatkeep.planted_sweep() returns void language plpgsql set search_path = '' as $$
begin
  if false then
    update chatkeep.chats set title = null;
  end if;
end
$$;

-- Functions of triggers, which db lint leaves out.
create function chatkeep_private.planted_trigger() returns trigger language plpgsql set search_path = '' as $$
begin
  new.no_such_column := 1;
  return new;
end
$$;
create trigger planted_trigger before update on chatkeep.chats
  for each row execute function chatkeep_private.planted_trigger();

-- Grants: a new one, one that may be handed on, one that is gone.
grant truncate on chatkeep.chats to anon;
grant select on chatkeep.users to authenticated with grant option;
revoke select on chatkeep.messages from authenticated;
