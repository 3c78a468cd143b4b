//! Chooses the next call and its caller.

use super::call::{Argument, Call, Level, Order, Statement};
use super::callers::{self, People};
use super::maker::{Known, Maker};
use super::{conversations, documents, sessions};
use crate::caller::Caller;
use crate::dice::Dice;

pub fn next(known: &mut Known, people: &People, dice: &mut Dice) -> Call {
    if dice.once_in(60) {
        return operator(people, dice);
    }
    let caller = people.caller(dice);
    let mut maker = Maker {
        known,
        people,
        dice,
    };
    let statement = match maker.dice.below(20) {
        0..9 => conversations::next(&mut maker),
        9..13 => sessions::next(&mut maker),
        13..18 => documents::next(&mut maker),
        18 => reading(&mut maker),
        _ => {
            let upkeep = upkeep(&mut maker);
            // Only a service may make these calls. Sometimes another caller tries.
            if !maker.dice.once_in(8) {
                return call(&Caller::Service, &upkeep);
            }
            upkeep
        }
    };
    call(&caller, &statement)
}

fn call(caller: &Caller, statement: &Statement) -> Call {
    Call {
        name: statement.name,
        request: caller.request(&statement.sql),
        level: Level::Caller,
        makes: statement.makes,
        order: statement.order,
        is_unreadable: callers::are_unreadable(caller),
    }
}

/// A change of a user by the operator.
fn operator(people: &People, dice: &mut Dice) -> Call {
    // The first user always stays in the tenant. Any change may happen to the others.
    let id = people.id(1 + dice.below(4));
    let tenant = people.any(dice);
    let (name, sql) = match dice.below(12) {
        0..3 => (
            "disabling",
            format!("update chatkeep.users set disabled_at = now() where id = '{id}'"),
        ),
        3..8 => (
            "enabling",
            format!("update chatkeep.users set disabled_at = null where id = '{id}'"),
        ),
        8..11 => (
            "moving",
            format!(
                "update chatkeep.memberships set tenant_id = '{tenant}' where user_id = '{id}'"
            ),
        ),
        _ => (
            "deleting and making",
            format!(
                "delete from auth.users where id = '{id}'; insert into auth.users (id) values ('{id}')"
            ),
        ),
    };
    Call {
        name,
        request: sql,
        level: Level::Superuser,
        makes: None,
        order: Order::Given,
        is_unreadable: false,
    }
}

fn upkeep(maker: &mut Maker) -> Statement {
    match maker.dice.below(4) {
        0 => {
            let arguments = [
                ("older_than", Some(maker.age())),
                ("batch_size", maker.batch_size()),
            ];
            Statement::scalar("purge_chats", arguments)
        }
        // Sessions that one call has revoked have no order, so a smaller batch would take other ones on each database.
        1 => {
            let arguments = [
                ("batch_size", whole_batch(maker)),
                ("older_than", Some(maker.age())),
            ];
            Statement::scalar("purge_sessions", arguments)
        }
        // A batch that ends before all chats would take other chats on each database.
        2 => Statement::scalar(
            "index_messages",
            [("batch_size", Some("100000".to_owned()))],
        ),
        _ => {
            let arguments = [
                ("older_than", Some(maker.age())),
                ("batch_size", whole_batch(maker)),
            ];
            Statement::rows("fail_stale_messages", arguments, None).in_any_order()
        }
    }
}

fn whole_batch(maker: &mut Maker) -> Argument {
    maker.perhaps(|maker| maker.number([1000, 1000, 1000, 1000]))
}

/// A statement on tables through the Data API: a read, or an update of the few columns that allow it.
fn reading(maker: &mut Maker) -> Statement {
    let (chat, title, metadata) = (maker.chat(), maker.text(), maker.object());
    let sql = match maker.dice.below(9) {
        0 => "select * from chatkeep.chats".to_owned(),
        1 => "select * from chatkeep.messages order by created_at, seq".to_owned(),
        2 => "select * from chatkeep.documents order by created_at, source_uri".to_owned(),
        3 => "select * from chatkeep.document_metadata".to_owned(),
        4 => "select * from chatkeep.attachments".to_owned(),
        5 => "select * from chatkeep.my_sessions".to_owned(),
        6 => "select id, metadata from chatkeep.users".to_owned(),
        7 => format!("update chatkeep.chats set title = {title} where id = {chat}"),
        _ => format!(
            "update chatkeep.chats set metadata = {metadata} where id = {chat} returning metadata"
        ),
    };
    Statement {
        name: "a direct request",
        sql,
        makes: None,
        order: Order::Any,
    }
}
