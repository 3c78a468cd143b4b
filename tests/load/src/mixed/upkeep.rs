//! The scheduled calls of `service_role`, with an age of zero so that they meet the clients; and reads about the
//! server.

use super::turn::{By, Turn};
use crate::caller::Caller;
use crate::dice::Dice;

pub fn next(dice: &mut Dice, by: By) -> Turn {
    let schedule = By {
        caller: Caller::Service,
        user: by.user,
    };
    let (call, by, sql) = match dice.below(16) {
        0..3 => (
            "purge_chats",
            schedule,
            "select chatkeep.purge_chats('0 s', 20)",
        ),
        3..5 => (
            "purge_sessions",
            schedule,
            "select chatkeep.purge_sessions(20, '0 s')",
        ),
        5..8 => (
            "index_messages",
            schedule,
            "select chatkeep.index_messages(200)",
        ),
        8..10 => (
            "fail_stale_messages",
            schedule,
            "select * from chatkeep.fail_stale_messages('0.05 s', 20)",
        ),
        10 => (
            "fail_stale_messages, own",
            by,
            "select * from chatkeep.fail_stale_messages('0.05 s', 20)",
        ),
        11 => ("engine", by, "select * from chatkeep.engine()"),
        12 => (
            "measure_usage",
            schedule,
            "select chatkeep.measure_usage(20, '0 s')",
        ),
        13 => (
            "take_storage_deletions",
            schedule,
            "select chatkeep.done_storage_deletions(array(select t.id from chatkeep.take_storage_deletions(20, '0 s') t))",
        ),
        14 => ("tenant_id", by, "select chatkeep.tenant_id()"),
        _ => ("uid", by, "select chatkeep.uid()"),
    };
    Turn::new(call, by, sql.to_owned())
}
