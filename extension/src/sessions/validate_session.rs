//! `validate_session`.

use chatkeep_core::Refusal;
use chatkeep_core::session::Token;

use crate::call::{Call, calls, writing};
use crate::policies::presented::presenting;
use crate::sessions::presented_session::{Presented, return_status};

calls! {
    validate_session_wrapper, pg_finfo_validate_session_wrapper => validate_session;
}

fn validate_session(call: Call) -> Result<(), Refusal> {
    let Some(token) = call.argument::<&str>(0).and_then(Token::parse) else {
        return_status(call, "invalid", None, &Presented::default(), false);
        return Ok(());
    };
    presenting(&token, || {
        let mut row = Presented::default();
        let verdict = row.judge(&token, false);
        // Nearly every validation leaves nothing to write, and needs no marker.
        let status = if row.is_settled(verdict) {
            "valid"
        } else {
            writing(|| Ok(row.settle(&token, verdict)))?
        };
        return_status(call, status, None, &row, false);
        Ok(())
    })
}
