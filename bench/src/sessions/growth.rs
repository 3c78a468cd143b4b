//! The remains of many rotations: updates that were not HOT, and new pages in the table of secrets.

use super::chatkeep::{Session, load_others, open};
use crate::report::{Comparison, Target, Unit};
use crate::scenarios::Length;
use crate::server::{Engine, Server};
use anyhow::Result;

const NOT_HOT: &str =
    "select n_tup_upd - n_tup_hot_upd from pg_stat_user_tables where relname = 'session_secrets'";
const UPDATED: &str = "select n_tup_upd from pg_stat_user_tables where relname = 'session_secrets'";
const PAGES: &str = "select pg_relation_size('chatkeep_private.session_secrets') / current_setting('block_size')::integer";

#[allow(clippy::cast_precision_loss)]
pub fn run(server: &Server, length: Length) -> Result<Vec<Comparison>> {
    let rotations = length.choose(100_000, 5_000);
    server.with_databases(&[("growth", Engine::Native)], |databases| {
        let Some(database) = databases.first() else {
            return Ok(vec![]);
        };
        load_others(database)?;
        let mut sessions = (0..10)
            .map(|_| Session::of(database, open(database)?))
            .collect::<Result<Vec<_>>>()?;
        let mut admin = database.connect()?;
        let before = admin.number(PAGES)?;
        for session in &mut sessions {
            for _ in 0..rotations / 10 {
                session.rotate()?;
            }
            session.connection.execute("reset role")?;
            session
                .connection
                .query("select pg_stat_force_next_flush()")?;
            session.connection.execute("select 1")?;
        }
        let (updated, not_hot) = (admin.number(UPDATED)?, admin.number(NOT_HOT)?);
        let grown = admin.number(PAGES)? - before;
        let mut hot = Comparison::new("rotate-hot", "Updates that were not HOT", Unit::Rows);
        hot.side("rotations", &[updated], false);
        hot.side("updates that were not HOT", &[not_hot], true);
        hot.alone(
            format!("of {updated:.0} updates"),
            &[not_hot],
            Target::Limit(0.0),
        );
        let mut size = Comparison::new(
            "rotate-size",
            "Pages that the table of secrets grew by",
            Unit::Pages,
        );
        size.side("before", &[before], true);
        size.side("grown by", &[grown], true);
        size.alone(
            format!("after {updated:.0} rotations"),
            &[grown],
            Target::Limit(1.0),
        );
        for comparison in [&mut hot, &mut size] {
            comparison.note(format!(
                "{rotations} rotations of ten sessions, one after the other, without a vacuum."
            ));
        }
        Ok(vec![hot, size])
    })
}
