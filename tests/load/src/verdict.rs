//! The documented refusals, and the form of a success.

use crate::connection::{Answer, Refusal, is_all_null, shortened};
use crate::report::Report;

/// The SQLSTATEs that the calls document. All others are faults: a raw constraint (23505, 23503), a deadlock (40P01), a
/// serialization failure (40001), an endless wait (57014), an internal error (XX000).
const DOCUMENTED: [&str; 6] = ["22023", "22004", "42501", "PT404", "PT409", "PT410"];

/// The messages of 42501 that a user gets whom nobody disables, moves or deletes.
const NOT_YOURS: [&str; 4] = [
    "document_id names a document of another member",
    "namespace is another member's",
    "token is of another user",
    "aal cannot be ",
];

pub fn is_documented(refusal: &Refusal) -> bool {
    DOCUMENTED.contains(&refusal.code.as_str())
}

/// Whether a refusal of rights can happen to a user whose account does not change.
pub fn is_about_rights_of_others(refusal: &Refusal) -> bool {
    NOT_YOURS
        .iter()
        .any(|sentence| refusal.message.starts_with(sentence))
}

/// Whether a refusal names the chat as missing or deleted.
pub fn is_about_the_chat(refusal: &Refusal) -> bool {
    refusal.message.starts_with("chat_id names") || refusal.message.starts_with("chat.id names")
}

/// Whether a call shares, or works in the chat of somebody else. Such a call says itself what ended it: the text of a policy
/// never gets out.
fn is_about_a_share(name: &str) -> bool {
    let calls = ["share_chat", "revoke_share", "open_share"];
    name.ends_with("through a share") || calls.iter().any(|call| name.starts_with(call))
}

/// Compares an answer with the promises of every call.
pub fn judge(report: &mut Report, name: &str, sql: &str, answer: &Answer) {
    match answer {
        Err(refusal) if !is_documented(refusal) => {
            report.fault(format!("{name} was refused with {refusal}"), shortened(sql));
        }
        Err(refusal)
            if is_about_a_share(name) && refusal.message.contains("row-level security") =>
        {
            report.fault(format!("{name} was refused with {refusal}"), shortened(sql));
        }
        Ok(rows) if rows.iter().any(is_all_null) => {
            report.fault(
                format!("{name} succeeded with a row of NULLs"),
                shortened(sql),
            );
        }
        _ => {}
    }
}
