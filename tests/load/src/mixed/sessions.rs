//! Calls on sessions.

use super::turn::{By, Turn};
use super::world::World;
use crate::caller::Caller;
use crate::dice::Dice;

pub fn next(world: &World, dice: &mut Dice, by: By) -> Turn {
    let choice = dice.below(40);
    if choice < 10 {
        return create(world, dice, by);
    }
    let Some(token) = world.token(dice) else {
        return create(world, dice, by);
    };
    let text = &token.text;
    // The holder of a token is not signed in. Some calls act for the token's user.
    let holder = By {
        caller: Caller::Anon,
        user: token.user,
    };
    let user = By {
        caller: Caller::User(world.user(token.user)),
        user: token.user,
    };
    match choice {
        10..23 => Turn::new(
            "rotate_session",
            holder,
            format!("select * from chatkeep.rotate_session('{text}')"),
        )
        .keeping_token(),
        23..32 => Turn::new(
            "validate_session",
            dice.of([&holder, &user]).clone(),
            format!("select * from chatkeep.validate_session('{text}')"),
        ),
        32..34 => Turn::new(
            "elevate_session",
            user,
            format!("select * from chatkeep.elevate_session('{text}', 'aal2')"),
        ),
        34 => Turn::new(
            "revoke_session",
            user,
            format!("select * from chatkeep.revoke_session('{}')", token.session),
        ),
        35 => Turn::new(
            "revoke_other_sessions",
            user,
            format!("select * from chatkeep.revoke_other_sessions('{text}')"),
        ),
        36 => Turn::new(
            "revoke_all_sessions",
            user,
            "select * from chatkeep.revoke_all_sessions()".to_owned(),
        ),
        _ => Turn::new(
            "my_sessions",
            user,
            "select * from chatkeep.my_sessions".to_owned(),
        ),
    }
}

fn create(world: &World, dice: &mut Dice, by: By) -> Turn {
    let by_service = By {
        caller: Caller::Service,
        user: by.user,
    };
    match dice.below(10) {
        0..4 => Turn::new(
            "create_session",
            by,
            "select * from chatkeep.create_session()".to_owned(),
        ),
        4..8 => Turn::new(
            "create_session, limited",
            by,
            "select * from chatkeep.create_session(max_sessions => 3, idle_ttl => '1 hour')"
                .to_owned(),
        ),
        _ => Turn::new(
            "create_session, for a user",
            by_service,
            format!(
                "select * from chatkeep.create_session(user_id => '{}')",
                world.user(by.user)
            ),
        ),
    }
    .keeping_token()
}
