//! `validate_session`.

use chatkeep_core::Refusal;

use crate::call::{Call, declare_call, writing};
use crate::policies::presented::presenting;
use crate::sessions::presented_session::{PresentedSession, presented_token, return_status};

declare_call!(validate_session);

fn validate_session(call: Call) -> Result<(), Refusal> {
    let Some(token) = presented_token(call) else {
        return_status(call, "invalid", None, &PresentedSession::default(), false);
        return Ok(());
    };
    presenting(&token, || {
        let mut row = PresentedSession::default();
        let verdict = row.judge(call.connection, &token, false);
        // Nearly every validation has nothing to write, and needs no marker.
        let status = if row.is_settled(verdict) {
            "valid"
        } else {
            writing(|| Ok(row.settle(call.connection, &token, verdict)))?
        };
        return_status(call, status, None, &row, false);
        Ok(())
    })
}
