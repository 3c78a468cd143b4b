//! `rotate_session`.

use chatkeep_core::Refusal;
use chatkeep_core::sessions::session::Verdict;

use crate::call::{Call, declare_call, writing};
use crate::policies::presented::presenting;
use crate::sessions::presented_session::{PresentedSession, presented_token, return_status};

declare_call!(rotate_session);

fn rotate_session(call: Call) -> Result<(), Refusal> {
    writing(|| {
        let Some(token) = presented_token(call) else {
            return_status(call, "invalid", None, &PresentedSession::default(), true);
            return Ok(());
        };
        presenting(&token, || {
            let mut row = PresentedSession::default();
            let verdict = row.judge(call.connection, &token, true);
            row.check_moving(verdict)?;
            let (status, child) = match verdict {
                None => ("invalid", None),
                Some(Verdict::Current) => ("rotated", Some(row.rotate(call.connection, &token)?)),
                Some(Verdict::Previous) => {
                    ("replayed", row.salt.as_ref().map(|salt| token.child(salt)))
                }
                Some(refused) => (row.refuse(call.connection, refused), None),
            };
            if child.is_some() {
                row.touch(call.connection);
            }
            return_status(call, status, child.as_ref(), &row, true);
            Ok(())
        })
    })
}
