//! `rotate_session`.

use chatkeep_core::Refusal;
use chatkeep_core::session::{Token, Verdict};

use crate::call::{Call, calls, writing};
use crate::policies::presented::presenting;
use crate::sessions::presented_session::{Presented, return_status};

calls! {
    rotate_session_wrapper, pg_finfo_rotate_session_wrapper => rotate_session;
}

fn rotate_session(call: Call) -> Result<(), Refusal> {
    writing(|| {
        let Some(token) = call.argument::<&str>(0).and_then(Token::parse) else {
            return_status(call, "invalid", None, &Presented::default(), true);
            return Ok(());
        };
        presenting(&token, || {
            let mut row = Presented::default();
            let (status, child) = match row.judge(&token, true) {
                None => ("invalid", None),
                Some(Verdict::Current) => ("rotated", Some(row.rotate(&token)?)),
                Some(Verdict::Previous) => {
                    ("replayed", row.salt.as_ref().map(|salt| token.child(salt)))
                }
                Some(refused) => (row.refuse(refused), None),
            };
            if child.is_some() {
                row.touch();
            }
            return_status(call, status, child.as_ref(), &row, true);
            Ok(())
        })
    })
}
