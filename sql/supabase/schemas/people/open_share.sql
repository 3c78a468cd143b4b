-- Tables are closed to anon: Realtime tells the keys of deleted rows to every role that may select them. So the call works
-- in the role authenticated, which sees no row without a user, besides what the presented share unlocks.
create or replace function chatkeep.open_share(
  secret text default null,
  share_id uuid default null,
  after timestamptz default null,
  page_size integer default 50
) returns setof chatkeep.shared_chat
language plpgsql stable parallel unsafe set search_path = ''
as $$
#variable_conflict use_column
declare
  marker constant text := coalesce(current_setting('chatkeep.writing', true), '');
  presented constant text := coalesce(current_setting('chatkeep.presented_link', true), '');
  caller constant text := current_setting('role');
  since constant timestamptz := coalesce(open_share.after, '-infinity');
  share record;
begin
  perform chatkeep_private.check_page_size(open_share.page_size);
  if (open_share.secret is null) = (open_share.share_id is null) then
    perform chatkeep_private.refuse('22023', 'secret or share_id must be given, and not both',
      'Pass the secret of a link, or the id of a share from shared_with_me.');
  end if;
  if open_share.secret ~ '^cksh_[A-Za-z0-9_-]{32}$' then
    perform set_config('chatkeep.presented_link',
      encode(decode(translate(substr(open_share.secret, 6), '-_', '+/'), 'base64'), 'hex'), true);
  end if;
  if caller = 'anon' then
    perform set_config('role', 'authenticated', true);
  end if;
  select s.* into share from chatkeep_private.open_shares s
  where (s.id = open_share.share_id and (s.is_given or s.user_id = chatkeep.uid() or chatkeep_private.serves(s.tenant_id)))
    or (open_share.secret is not null and s.secret_digest = chatkeep_private.presented_link());
  if found then
    perform set_config('chatkeep.writing', 'off ' || share.id, true);
    return query
      select share.id, c.id, c.title, share.permission, share.up_to_seq, share.expires_at, (
        select coalesce(jsonb_agg(p.message order by p.seq), '[]')
        from (
          select m.seq, jsonb_build_object('id', m.id, 'seq', m.seq, 'role', m.role, 'content', m.content, 'parts', m.parts,
            'status', m.status, 'model', m.model, 'created_at', m.created_at, 'attachments', (
              select coalesce(jsonb_agg(jsonb_build_object('id', a.id, 'name', a.name, 'mime_type', a.mime_type,
                'byte_size', a.byte_size, 'storage_path', a.storage_path) order by a.id), '[]')
              from chatkeep.attachments a
              where a.message_id = m.id and a.chat_id = m.chat_id and a.tenant_id = m.tenant_id
            )) as message
          from chatkeep.messages m
          where m.chat_id = c.id and m.tenant_id = c.tenant_id and m.active
            and m.created_at > since and m.seq <= coalesce(share.up_to_seq, m.seq)
          order by m.created_at
          limit open_share.page_size
        ) p
      )
      from chatkeep.chats c
      where c.id = share.chat_id and c.tenant_id = share.tenant_id and c.deleted_at is null;
  end if;
  if not found then
    perform chatkeep_private.refuse('PT404',
      case when open_share.secret is null then 'share_id' else 'secret' end || ' opens no chat',
      'It was revoked or has expired, or it never was one. Ask the owner of the chat for a new one.');
  end if;
  perform set_config('chatkeep.writing', marker, true), set_config('chatkeep.presented_link', presented, true),
    set_config('role', caller, true);
end
$$;
comment on function chatkeep.open_share(text, uuid, timestamptz, integer) is
'Opens a shared chat by the secret of a link, signed in or not, or by the id of a share, and returns it with a page of its active path, oldest first.
secret: The secret that share_chat returned: cksh_ and 32 characters.
share_id: An id from shared_with_me, in place of the secret.
after: The created_at of the last message of the page before. Exclusive.
page_size: 1 to 200.
Returns: one row.
Errors: 22023, 22004, PT404.';
revoke all on function chatkeep.open_share(text, uuid, timestamptz, integer) from public, anon, authenticated, service_role;
grant execute on function chatkeep.open_share(text, uuid, timestamptz, integer) to anon, authenticated, service_role;
