//! Millions of conversations. The superuser writes the rows of the calls directly into the tables, which is faster.

use crate::connection::Connection;
use crate::random::{self, SEED};
use crate::server::Database;
use crate::stores::MESSAGE;
use crate::text::TextGenerator;
use crate::users;
use anyhow::Result;

/// Conversations of fifty other users, each as long as a day of talking, so that statements get the plans of tables in
/// use.
pub fn others(database: &Database<'_>) -> Result<()> {
    let mut admin = database.connect()?;
    texts(&mut admin, &mut TextGenerator::new(SEED)?, 100)?;
    for _ in 0..50 {
        let user = random::uuid();
        users::add(&mut admin, &user)?;
        chats(&mut admin, &user, 20, 40)?;
    }
    database.settle()
}

/// Makes texts to copy from: a temporary table `texts` (n from 0, content) with this number of rows.
pub fn texts(admin: &mut Connection, texts: &mut TextGenerator, count: usize) -> Result<()> {
    admin.execute("create temporary table texts (n integer primary key, content text not null)")?;
    let insert = admin.prepare("insert into texts values ($1, $2)")?;
    let mut numbered = (0..count).map(|n| (n.to_string(), texts.text(MESSAGE)));
    loop {
        let batch: Vec<(String, String)> = numbered.by_ref().take(500).collect();
        if batch.is_empty() {
            return Ok(());
        }
        let rows: Vec<_> = batch
            .iter()
            .map(|(n, text)| [n.into(), text.into()])
            .collect();
        let statements: Vec<_> = rows.iter().map(|row| (&insert, row.as_slice())).collect();
        admin.pipeline(&statements)?;
    }
}

/// Gives a user this number of chats with this number of messages each, one chat after the other, one message per
/// second until now. Needs the table `texts`, whose rows it uses in turn.
pub fn chats(admin: &mut Connection, user: &str, chats: usize, messages: usize) -> Result<()> {
    // The foreign keys are valid by construction. Checking them one by one would take most of the time.
    admin.execute(&format!(
        "begin;
        set local session_replication_role = replica;
        insert into chatkeep.users (id) values ('{user}') on conflict do nothing;
        insert into chatkeep.tenants (id) values ('{user}') on conflict do nothing;
        insert into chatkeep.memberships (user_id, tenant_id, role, is_home)
          values ('{user}', '{user}', 'owner', true) on conflict do nothing;
        create temporary table loaded on commit drop as
          select chatkeep_private.uuid_v7() as id, chatkeep_private.uuid_v7() as leaf,
            now() - interval '1 second' * ({messages} * n) as began
          from generate_series({chats}, 1, -1) n;
        insert into chatkeep.chats
          (id, tenant_id, user_id, message_count, last_seq, active_leaf_id, created_at, updated_at)
          select id, '{user}', '{user}', {messages}, {messages}, leaf, began, began + interval '1 second' * {messages}
          from loaded;
        insert into chatkeep.messages
          (id, chat_id, tenant_id, user_id, seq, parent_id, role, content, author_id, written_as, created_at, updated_at)
          select m.id, m.chat_id, '{user}', '{user}', m.seq,
            lag(m.id) over (partition by m.chat_id order by m.seq),
            case when m.seq % 2 = 1 then 'user' else 'assistant' end,
            t.content, '{user}', 'authenticated', m.at, m.at
          from (
            select case s when {messages} then l.leaf else chatkeep_private.uuid_v7() end as id,
              l.id as chat_id, s as seq, l.began + interval '1 second' * s as at
            from loaded l, generate_series(1, {messages}) s
          ) m
          join texts t on t.n = m.seq % (select count(*) from texts);
        commit"
    ))
}
