//! A message as it is stored.

use crate::call::Call;
use crate::postgres::datum::Value;
use crate::postgres::statement::statements;

statements! {
    STORED_MESSAGE(UUIDOID, UUIDOID, UUIDOID) = c"
        select m.* from chatkeep.messages m
        where m.id = $1 and m.chat_id = $2 and m.tenant_id = $3";
}

/// Returns the message of a key: its id, its chat and its tenant.
pub fn return_stored_message(call: Call, key: &[Value; 3]) {
    call.return_from(STORED_MESSAGE, key);
}
