//! Chooses the next call: who makes it, and what it asks.

use super::call::{Argument, Asked, Call, Level, Order};
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
    let asked = match maker.dice.below(20) {
        0..9 => conversations::next(&mut maker),
        9..13 => sessions::next(&mut maker),
        13..18 => documents::next(&mut maker),
        18 => reading(&mut maker),
        _ => {
            let upkeep = upkeep(&mut maker);
            // Others may not; now and then one tries.
            if !maker.dice.once_in(8) {
                return call(&Caller::Service, &upkeep);
            }
            upkeep
        }
    };
    call(&caller, &asked)
}

fn call(caller: &Caller, asked: &Asked) -> Call {
    Call {
        name: asked.name,
        request: caller.request(&asked.sql),
        level: Level::Caller,
        makes: asked.makes,
        order: asked.order,
        is_unreadable: callers::are_unreadable(caller),
    }
}

/// What is done to users.
fn operator(people: &People, dice: &mut Dice) -> Call {
    // The first keeps the tenant alive; of the others all may happen.
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
            format!("update chatkeep.users set tenant_id = '{tenant}' where id = '{id}'"),
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

fn upkeep(maker: &mut Maker) -> Asked {
    match maker.dice.below(4) {
        0 => {
            let arguments = [
                ("older_than", Some(maker.age())),
                ("batch_size", maker.batch_size()),
            ];
            Asked::scalar("purge_chats", arguments)
        }
        1 => {
            let arguments = [
                ("batch_size", maker.batch_size()),
                ("older_than", Some(maker.age())),
            ];
            Asked::scalar("purge_sessions", arguments)
        }
        // A batch that ends in front of some chats takes others on each database.
        2 => Asked::scalar(
            "index_messages",
            [("batch_size", Some("100000".to_owned()))],
        ),
        _ => {
            let arguments = [
                ("older_than", Some(maker.age())),
                ("batch_size", whole_batch(maker)),
            ];
            Asked::rows("fail_stale_messages", arguments, None).in_any_order()
        }
    }
}

fn whole_batch(maker: &mut Maker) -> Argument {
    maker.perhaps(|maker| maker.number([1000, 1000, 1000, 1000]))
}

/// Tables as the Data API reads them, and writes the few columns that it may.
fn reading(maker: &mut Maker) -> Asked {
    let (chat, title, metadata) = (maker.chat(), maker.text(), maker.object());
    let sql = match maker.dice.below(9) {
        0 => "select * from chatkeep.chats".to_owned(),
        1 => "select * from chatkeep.messages order by created_at, seq".to_owned(),
        2 => "select * from chatkeep.documents order by created_at, source_uri".to_owned(),
        3 => "select * from chatkeep.document_metadata".to_owned(),
        4 => "select * from chatkeep.attachments".to_owned(),
        5 => "select * from chatkeep.my_sessions".to_owned(),
        6 => "select id, tenant_id, metadata from chatkeep.users".to_owned(),
        7 => format!("update chatkeep.chats set title = {title} where id = {chat}"),
        _ => format!(
            "update chatkeep.chats set metadata = {metadata} where id = {chat} returning metadata"
        ),
    };
    Asked {
        name: "a direct request",
        sql,
        makes: None,
        order: Order::Any,
    }
}
