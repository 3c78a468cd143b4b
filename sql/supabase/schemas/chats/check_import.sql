create or replace function chatkeep_private.check_import(chat jsonb) returns void
language plpgsql stable parallel safe set search_path = ''
as $$
begin
  perform chatkeep_private.check_present('chat', chat is not null);
  if jsonb_typeof(chat) <> 'object' then
    perform chatkeep_private.refuse('22023', 'chat must be a JSON object', 'Wrap the value in one.');
  end if;
  if chat - '{id,title,metadata,language,created_at,archived_at,active_leaf_id,messages}'::text[] <> '{}' then
    perform chatkeep_private.refuse('22023', 'chat has an unknown key',
      'The keys are id, title, metadata, language, created_at, archived_at, active_leaf_id and messages.');
  end if;
  perform chatkeep_private.check_kind('chat.id', chat -> 'id', 'uuid');
  perform chatkeep_private.check_kind('chat.title', chat -> 'title', 'string');
  perform chatkeep_private.check_length('chat.title', chat ->> 'title', 500);
  if chat -> 'metadata' <> 'null' then
    perform chatkeep_private.check_json('chat.metadata', chat -> 'metadata', 'object');
  end if;
  perform chatkeep_private.check_kind('chat.language', chat -> 'language', 'string');
  perform chatkeep_private.check_language('chat.language', coalesce(chat ->> 'language', 'simple'));
  perform chatkeep_private.check_kind('chat.created_at', chat -> 'created_at', 'timestamp');
  perform chatkeep_private.check_kind('chat.archived_at', chat -> 'archived_at', 'timestamp');
  perform chatkeep_private.check_kind('chat.active_leaf_id', chat -> 'active_leaf_id', 'uuid');
  perform chatkeep_private.check_items('chat.messages', coalesce(nullif(chat -> 'messages', 'null'), '[]'),
    '{id,parent_id,role,content,parts,status,model,token_count,metadata,created_at,reply_to,usage}');
end
$$;
comment on function chatkeep_private.check_import(jsonb) is
  'Refuses what import_chat cannot store, and names the position.';
revoke all on function chatkeep_private.check_import(jsonb) from public, anon, authenticated, service_role;
grant execute on function chatkeep_private.check_import(jsonb) to authenticated, service_role;
