//! Calls on sessions.

use super::call::{Kind, Statement};
use super::maker::Maker;
use super::values;

pub fn next(maker: &mut Maker) -> Statement {
    match maker.dice.below(20) {
        0..6 => create_session(maker),
        6..11 => {
            let arguments = [("token", Some(maker.token()))];
            Statement::rows("rotate_session", arguments, Some(Kind::Session))
        }
        11..15 => {
            let arguments = [("token", Some(maker.token()))];
            Statement::rows("validate_session", arguments, None)
        }
        15 => {
            let arguments = [("session_id", Some(maker.session()))];
            Statement::rows("revoke_session", arguments, None)
        }
        16 => {
            let arguments = [("token", Some(maker.token()))];
            Statement::rows("revoke_other_sessions", arguments, None)
        }
        17 => {
            let arguments = [("user_id", maker.dice.once_in(5).then(|| maker.person()))];
            Statement::rows("revoke_all_sessions", arguments, None)
        }
        _ => {
            let arguments = [
                ("token", Some(maker.token())),
                ("aal", Some(maker.word(["aal1", "aal2", "aal3"]))),
            ];
            Statement::rows("elevate_session", arguments, None)
        }
    }
}

fn create_session(maker: &mut Maker) -> Statement {
    let arguments = [
        ("user_agent", maker.perhaps(Maker::text)),
        ("ip", maker.perhaps(ip)),
        ("ttl", maker.perhaps(life)),
        ("idle_ttl", maker.perhaps(life)),
        (
            "max_sessions",
            maker.perhaps(|maker| maker.number([1, 2, 3, 1000])),
        ),
        ("metadata", maker.perhaps(Maker::object)),
        ("user_id", maker.dice.once_in(8).then(|| maker.person())),
        ("replaces", maker.dice.once_in(4).then(|| maker.token())),
    ];
    Statement::rows("create_session", arguments, Some(Kind::Session))
}

fn ip(maker: &mut Maker) -> String {
    let ips = [
        "'192.0.2.1'",
        "'2001:db8::1'",
        "'10.0.0.0/8'",
        "'x'",
        "'unknown, [2001:db8::1]:443'",
        "null",
    ];
    maker.dice.of(ips).to_owned()
}

/// A life or idle time that does not end during the run.
fn life(maker: &mut Maker) -> String {
    if maker.dice.once_in(3) {
        return values::interval(maker.dice);
    }
    maker
        .dice
        .of(["'1 day'", "'2 hours'", "'399 days'"])
        .to_owned()
}
