-- All rows that the calls can write.
select u.id, m.tenant_id, m.role, m.is_home, m.disabled_at is not null as member_disabled, m.is_enabled, u.display_name, u.metadata, u.disabled_at is not null as disabled from chatkeep.users u left join chatkeep.memberships m on m.user_id = u.id;
select c.* from chatkeep.chats c;
select m.* from chatkeep.messages m;
select s.* from chatkeep.chat_summaries s;
select s.* from chatkeep.message_search s;
select d.* from chatkeep.documents d;
select m.* from chatkeep.document_metadata m;
select a.* from chatkeep.attachments a;
select s.id, s.tenant_id, s.user_id, s.created_at, s.last_used_at, s.idle_ttl, s.expires_at, s.revoked_at, s.revoked_reason,
  s.aal, s.user_agent, s.ip, s.metadata, x.generation, x.previous_digest is not null as grace, x.confirmed_at
from chatkeep.sessions s
left join chatkeep_private.session_secrets x on x.session_id = s.id;
