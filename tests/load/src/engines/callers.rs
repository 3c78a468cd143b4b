//! The callers: users of two tenants, a disabled user, a person who is not a user, roles without a user, and invalid
//! claims.

use super::names::CHOSEN;
use crate::caller::Caller;
use crate::dice::Dice;
use std::fmt::Write;

/// The last of them has no rows.
const PEOPLE: usize = 6;
/// Disabled from the start.
const DISABLED: usize = 4;

pub struct People {
    ids: Vec<String>,
}

impl People {
    pub fn new(seed: u64, round: u64) -> Self {
        let id = |place: usize| chosen(&mut Dice::at(seed, &[round, 7000, place as u64]));
        Self {
            ids: (0..PEOPLE).map(id).collect(),
        }
    }

    /// Makes the users: two share a tenant, the others have their own. A user without a membership gets one by their
    /// first call.
    pub fn sql(&self) -> String {
        let mut sql = String::new();
        let tenant = self.id(0);
        for (place, id) in self.ids.iter().enumerate().take(PEOPLE - 1) {
            // Writing to a string cannot fail.
            let _ = write!(sql, "insert into auth.users (id) values ('{id}');");
            if place < 2 || place == DISABLED {
                let _ = write!(
                    sql,
                    "select from chatkeep.add_member('{tenant}', '{id}');
                     update chatkeep.users set disabled_at = {} where id = '{id}';",
                    if place == DISABLED { "now()" } else { "null" }
                );
            }
        }
        sql
    }

    pub fn id(&self, place: usize) -> &str {
        self.ids.get(place).map_or("", String::as_str)
    }

    pub fn any<'a>(&'a self, dice: &mut Dice) -> &'a str {
        dice.among(&self.ids).map_or("", String::as_str)
    }

    /// A caller, nearly always a user with rights.
    pub fn caller(&self, dice: &mut Dice) -> Caller {
        match dice.below(100) {
            0..75 => Caller::User(self.id(dice.below(DISABLED)).to_owned()),
            75..85 => Caller::Service,
            85..89 => Caller::User(self.any(dice).to_owned()),
            89..93 => Caller::Anon,
            _ => self.odd(dice),
        }
    }

    /// Claims that no gateway should make.
    fn odd(&self, dice: &mut Dice) -> Caller {
        let id = self.id(dice.below(DISABLED));
        let role = dice.of(["authenticated", "authenticated", "anon", "service_role"]);
        let claims = match dice.below(12) {
            0 => String::new(),
            1 => "{}".to_owned(),
            2 => r#"{"sub":"x"}"#.to_owned(),
            3 => r#"{"sub":null}"#.to_owned(),
            4 => r#"{"sub":""}"#.to_owned(),
            5 => format!(r#"{{"sub":"{}"}}"#, id.to_uppercase()),
            6 => format!(r#"{{"sub":"{id}" "x":1}}"#),
            7 => format!(r#"{{"sub":"{id}","x":"\u0000"}}"#),
            8 => format!(r#"{{"sub":"{id}","sub":"{}"}}"#, self.id(0)),
            9 => format!(r#"{{"x":{{"sub":"{id}"}}}}"#),
            10 => format!(r#"{{"\u0073ub":"{id}","aal":"aal9"}}"#),
            _ => format!(r#"{{"sub":"{id}","n":1e-16384}}"#),
        };
        let odd = Caller::Claims { role, claims };
        match odd {
            // Not every call looks up the user of a service, so a service with two faults may be refused for either.
            Caller::Claims {
                role: "service_role",
                ..
            } if are_unreadable(&odd) => Caller::Service,
            odd => odd,
        }
    }
}

/// Whether `auth.uid()` refuses the claims of a caller: invalid JSON, or a `sub` that is not a UUID.
pub fn are_unreadable(caller: &Caller) -> bool {
    let Caller::Claims { claims, .. } = caller else {
        return false;
    };
    let faults = [
        r#""sub":"x""#,
        r#""sub":"""#,
        r#"" "x""#,
        r"\u0000",
        "e-16384",
    ];
    faults.iter().any(|fault| claims.contains(fault))
}

/// An id that a caller chooses.
pub fn chosen(dice: &mut Dice) -> String {
    let random = dice.uuid();
    format!("{CHOSEN}{}", random.get(9..).unwrap_or_default())
}
