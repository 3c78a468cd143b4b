//! `list_chats` for a user with very many chats: the first page, a page in the middle, and a page of a folder.

use super::load;
use crate::progress::Progress;
use crate::random::{self, SEED};
use crate::repetitions::alternate;
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use crate::text::TextGenerator;
use crate::users;
use anyhow::Result;
use std::time::Instant;

/// The calls of one measured time.
const CALLS: u32 = 20;
/// The most that a page of 50 may take, in milliseconds.
const MOST: f64 = 2.0;

pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let chats = length.choose(100_000, 10_000);
    let rounds = length.choose(41, 11);
    server.with_databases(&[("chats", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(vec![]);
        };
        let user = random::uuid();
        let mut admin = database.connect()?;
        users::add(&mut admin, &user)?;
        let progress = Progress::start("chats: loading");
        load::texts(&mut admin, &mut TextGenerator::new(SEED)?, 1_000)?;
        load::chats(&mut admin, &user, chats, 6)?;
        // Every third chat has unread answers, every tenth is in the folder, every twentieth is shared, ten are pinned.
        admin.execute(&format!(
            "with numbered as (select id, row_number() over (order by updated_at) as n from chatkeep.chats)
            update chatkeep.chats c
            set title = 'chat ' || n, read_up_to_seq = case n % 3 when 0 then 0 else 6 end,
              folder = case n % 10 when 0 then 'Work' end, pinned_at = case n % ({chats} / 10) when 1 then now() end
            from numbered where numbered.id = c.id;
            insert into chatkeep.chat_shares (chat_id, tenant_id, user_id, with_tenant_id)
            select id, tenant_id, user_id, tenant_id from chatkeep.chats where right(title, 1) = '0' and folder is not null
            limit {chats} / 20"
        ))?;
        database.settle()?;
        drop(progress);
        let middle = admin.value(&format!(
            "select jsonb_build_object('id', id, 'updated_at', updated_at) from chatkeep.chats
            where title = 'chat {}'",
            chats / 2
        ))?;
        drop(admin);

        let mut reader = database.connect()?;
        users::sign_in(&mut reader, &user)?;
        let mut pages = [
            ("the first page", "select * from chatkeep.list_chats()".to_owned()),
            ("a page in the middle", format!("select * from chatkeep.list_chats(before => '{middle}')")),
            ("a page of a folder", "select * from chatkeep.list_chats(folder => 'Work')".to_owned()),
        ];
        for (_, call) in &pages {
            reader.query(call)?;
        }
        let times = alternate("chats", rounds, &mut pages, |(_, call)| {
            let start = Instant::now();
            for _ in 0..CALLS {
                reader.execute(call)?;
            }
            Ok(start.elapsed().as_secs_f64() * 1e3 / f64::from(CALLS))
        })?;

        let mut comparison = Comparison::new(
            "chats",
            format!("Time of list_chats: 50 of {chats} chats of one user"),
            Unit::Milliseconds,
        );
        for ((name, _), measured) in pages.iter().zip(&times) {
            comparison.side(*name, measured, true);
            comparison.alone(*name, measured, Target::Limit(MOST));
        }
        comparison.note("With the last message, unread answers and sharing of each chat, as a client on the same machine waits for it.");
        comparison.note("A third of the chats is unread, a tenth in the folder, a twentieth shared; ten are pinned.");
        Ok(vec![comparison])
    })
}
