//! The arguments of each call, judged by core in the order of the call's signature. `cargo xtask generate` tells the package which
//! arguments a binding takes, by the names of its parameters.
//!
//! Strings arrive as UTF-8. The package refuses lone surrogates before, because UTF-8 cannot hold them. JSON arrives as
//! its text, a number as JavaScript's `number`. `undefined` is SQL's NULL.

use chatkeep_core::chats::attachment::NewAttachment;
use chatkeep_core::chats::chat::NewChat;
use chatkeep_core::chats::chat_update::{self, ChatUpdate};
use chatkeep_core::chats::message::{self, Finish, NewMessage};
use chatkeep_core::chats::rating::Rating;
use chatkeep_core::chats::summary::{self, NewSummary};
use chatkeep_core::documents::change::{StatusChange, Tagging};
use chatkeep_core::documents::document::NewDocument;
use chatkeep_core::sessions::session::{self, NewSession};
use chatkeep_core::share::{self, NewShare};
use chatkeep_core::upkeep::Upkeep;
use chatkeep_core::user_id::user_id;
use chatkeep_core::{Refusal, batch, limits, membership, text};
use js_sys::Object;
use wasm_bindgen::prelude::*;

use crate::refusal;

/// The length in UTF-16 units beyond which text breaks every limit. A caller may cut longer text here to save the module's
/// memory; it is still refused.
#[wasm_bindgen(js_name = longestText)]
pub fn longest_text() -> usize {
    limits::CONTENT_BYTES + 1
}

/// Refuses U+0000 in text that has no other rule.
#[wasm_bindgen(js_name = checkText)]
pub fn check_text(argument: &str, value: &str) -> Option<Object> {
    text::no_nul("", value)
        .err()
        .map(|refusal| refusal::named(argument, &refusal))
}

/// The rules of `user_id`.
#[wasm_bindgen(js_name = checkUserId)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_user_id(issuer: Option<String>, subject: Option<String>) -> Option<Object> {
    let of = || {
        let issuer = issuer
            .as_deref()
            .ok_or_else(|| Refusal::missing("issuer"))?;
        let subject = subject
            .as_deref()
            .ok_or_else(|| Refusal::missing("subject"))?;
        user_id(issuer, subject)
    };
    refusal::of(of().map(|_| ()))
}

/// The rules of `create_chat`.
#[wasm_bindgen(js_name = checkCreateChat)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_create_chat(
    title: Option<String>,
    metadata: Option<String>,
    language: Option<String>,
) -> Option<Object> {
    refusal::of(
        NewChat {
            title: title.as_deref(),
            metadata: metadata.as_deref(),
            language: language.as_deref(),
        }
        .check(),
    )
}

/// The rules of `copy_chat`.
#[wasm_bindgen(js_name = checkCopyChat)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_copy_chat(title: Option<String>) -> Option<Object> {
    refusal::of(title.as_deref().map_or(Ok(()), |title| {
        text::at_most_chars("title", title, limits::TITLE_CHARS)
    }))
}

/// The rules of `update_chat`.
#[wasm_bindgen(js_name = checkUpdateChat)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_update_chat(
    title: Option<String>,
    if_title_source: Option<String>,
    metadata_merge: Option<String>,
    folder: Option<String>,
    tags: Option<Vec<String>>,
    read_up_to_seq: Option<f64>,
) -> Option<Object> {
    refusal::of(
        integer("read_up_to_seq", read_up_to_seq).and_then(|read_up_to_seq| {
            ChatUpdate {
                title: title.as_deref(),
                if_title_source: if_title_source.as_deref(),
                metadata_merge: metadata_merge.as_deref(),
                folder: folder.as_deref(),
                tags: tags.as_deref(),
                read_up_to_seq,
            }
            .check()
        }),
    )
}

/// The rules of `list_chats`. The database judges `before`.
#[wasm_bindgen(js_name = checkListChats)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_list_chats(
    folder: Option<String>,
    tag: Option<String>,
    deleted: Option<bool>,
    page_size: Option<f64>,
) -> Option<Object> {
    refusal::of(
        chat_update::filter(folder.as_deref(), tag.as_deref())
            .and_then(|()| deleted.ok_or_else(|| Refusal::missing("deleted")))
            .and_then(|_| integer("page_size", page_size))
            .and_then(message::page_size),
    )
}

/// The rules of `append_message`.
#[wasm_bindgen(js_name = checkAppendMessage)]
#[allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "wasm-bindgen takes optional text by value only; the call has eight arguments with a rule"
)]
pub fn check_append_message(
    role: Option<String>,
    content: Option<String>,
    parts: Option<String>,
    metadata: Option<String>,
    status: Option<String>,
    model: Option<String>,
    token_count: Option<f64>,
    usage: Option<String>,
) -> Option<Object> {
    refusal::of(integer("token_count", token_count).and_then(|token_count| {
        NewMessage {
            role: role.as_deref(),
            content: content.as_deref(),
            parts: parts.as_deref(),
            metadata: metadata.as_deref(),
            status: status.as_deref(),
            model: model.as_deref(),
            token_count,
            usage: usage.as_deref(),
            ..NewMessage::default()
        }
        .check()
    }))
}

/// The rules of `list_messages`.
#[wasm_bindgen(js_name = checkListMessages)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_list_messages(
    before: Option<String>,
    page_size: Option<f64>,
    from_summary: Option<bool>,
) -> Option<Object> {
    refusal::of(
        integer("page_size", page_size)
            .and_then(message::page_size)
            .and_then(|_| summary::from_summary(from_summary, before.is_some()))
            .map(|_| ()),
    )
}

/// The rules of `summarise_chat`.
#[wasm_bindgen(js_name = checkSummariseChat)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_summarise_chat(
    content: Option<String>,
    metadata: Option<String>,
    model: Option<String>,
    token_count: Option<f64>,
) -> Option<Object> {
    refusal::of(integer("token_count", token_count).and_then(|token_count| {
        NewSummary {
            content: content.as_deref(),
            metadata: metadata.as_deref(),
            model: model.as_deref(),
            token_count,
        }
        .check()
    }))
}

/// The rules of `redact_message`.
#[wasm_bindgen(js_name = checkRedactMessage)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_redact_message(reason: Option<String>) -> Option<Object> {
    refusal::of(message::reason(reason.as_deref()))
}

/// The rules of `rate_message`.
#[wasm_bindgen(js_name = checkRateMessage)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_rate_message(
    rating: Option<f64>,
    comment: Option<String>,
    labels: Option<Vec<String>>,
) -> Option<Object> {
    refusal::of(integer("rating", rating).and_then(|rating| {
        Rating {
            rating,
            comment: comment.as_deref(),
            labels: labels.as_deref(),
        }
        .check()
    }))
}

/// The rules of `share_chat`. The database compares `expires_at` with its clock.
#[wasm_bindgen(js_name = checkShareChat)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_share_chat(
    with_user_id: Option<String>,
    with_tenant: Option<bool>,
    by_link: Option<bool>,
    permission: Option<String>,
    up_to_message_id: Option<String>,
) -> Option<Object> {
    refusal::of(
        NewShare {
            with_user: with_user_id.is_some(),
            with_tenant,
            by_link,
            permission: permission.as_deref(),
            up_to_message: up_to_message_id.is_some(),
        }
        .check(),
    )
}

/// The rules of `open_share`.
#[wasm_bindgen(js_name = checkOpenShare)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_open_share(
    secret: Option<String>,
    share_id: Option<String>,
    page_size: Option<f64>,
) -> Option<Object> {
    refusal::of(
        integer("page_size", page_size)
            .and_then(message::page_size)
            .and_then(|_| share::check_opening(secret.is_some(), share_id.is_some())),
    )
}

/// The rules of `create_session`; `ttl` and `idle_ttl` are in seconds.
#[wasm_bindgen(js_name = checkCreateSession)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_create_session(
    user_agent: Option<String>,
    ip: Option<String>,
    ttl: Option<f64>,
    idle_ttl: Option<f64>,
    max_sessions: Option<f64>,
    metadata: Option<String>,
) -> Option<Object> {
    refusal::of(
        integer("max_sessions", max_sessions).and_then(|max_sessions| {
            NewSession {
                user_agent: user_agent.as_deref(),
                ip: ip.as_deref(),
                ttl: ttl.map(micros),
                idle_ttl: idle_ttl.map(micros),
                max_sessions,
                metadata: metadata.as_deref(),
            }
            .check()
        }),
    )
}

/// The rules of `register_document`.
#[wasm_bindgen(js_name = checkRegisterDocument)]
#[allow(
    clippy::needless_pass_by_value,
    clippy::too_many_arguments,
    reason = "wasm-bindgen takes optional text by value only; the call has eight arguments"
)]
pub fn check_register_document(
    source_uri: Option<String>,
    checksum: Option<String>,
    title: Option<String>,
    mime_type: Option<String>,
    byte_size: Option<f64>,
    tags: Option<String>,
    visibility: Option<String>,
    properties: Option<String>,
) -> Option<Object> {
    refusal::of(whole("byte_size", byte_size).and_then(|byte_size| {
        NewDocument {
            source_uri: source_uri.as_deref(),
            checksum: checksum.as_deref(),
            title: title.as_deref(),
            mime_type: mime_type.as_deref(),
            byte_size,
            tags: tags.as_deref(),
            visibility: visibility.as_deref(),
            properties: properties.as_deref(),
        }
        .check()
    }))
}

/// The rules of `finish_message`.
#[wasm_bindgen(js_name = checkFinishMessage)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_finish_message(
    content: Option<String>,
    parts: Option<String>,
    status: Option<String>,
    metadata: Option<String>,
    token_count: Option<f64>,
    usage: Option<String>,
) -> Option<Object> {
    refusal::of(integer("token_count", token_count).and_then(|token_count| {
        Finish {
            content: content.as_deref(),
            parts: parts.as_deref(),
            status: status.as_deref(),
            metadata: metadata.as_deref(),
            token_count,
            usage: usage.as_deref(),
        }
        .check()
    }))
}

/// The rules of `search_messages`.
#[wasm_bindgen(js_name = checkSearchMessages)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_search_messages(query: Option<String>, page_size: Option<f64>) -> Option<Object> {
    refusal::of(message::query(query.as_deref()).and_then(|()| {
        integer("page_size", page_size)
            .and_then(message::page_size)
            .map(drop)
    }))
}

/// The rules of `elevate_session`.
#[wasm_bindgen(js_name = checkElevateSession)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_elevate_session(aal: Option<String>) -> Option<Object> {
    refusal::of(session::assurance_level(aal.as_deref()))
}

/// The rules of `add_member`.
#[wasm_bindgen(js_name = checkAddMember)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_add_member(role: Option<String>) -> Option<Object> {
    refusal::of(membership::check_role(role.as_deref()))
}

/// The rules of `set_member_role`.
#[wasm_bindgen(js_name = checkSetMemberRole)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_set_member_role(role: Option<String>) -> Option<Object> {
    refusal::of(membership::check_role(role.as_deref()))
}

/// The rules of `rename_tenant`.
#[wasm_bindgen(js_name = checkRenameTenant)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_rename_tenant(name: Option<String>) -> Option<Object> {
    refusal::of(membership::check_name(name.as_deref()))
}

/// The rules of `set_document_status`.
#[wasm_bindgen(js_name = checkSetDocumentStatus)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_set_document_status(status: Option<String>, error: Option<String>) -> Option<Object> {
    refusal::of(
        StatusChange {
            status: status.as_deref(),
            error: error.as_deref(),
        }
        .check(),
    )
}

/// The rules of `tag_document`.
#[wasm_bindgen(js_name = checkTagDocument)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_tag_document(tags: Option<String>, namespace: Option<String>) -> Option<Object> {
    refusal::of(
        Tagging {
            tags: tags.as_deref(),
            namespace: namespace.as_deref(),
        }
        .check(),
    )
}

/// The rules of `attach`.
#[wasm_bindgen(js_name = checkAttach)]
#[allow(
    clippy::needless_pass_by_value,
    reason = "wasm-bindgen takes optional text by value only"
)]
pub fn check_attach(
    document_id: Option<String>,
    name: Option<String>,
    mime_type: Option<String>,
    byte_size: Option<f64>,
    storage_path: Option<String>,
) -> Option<Object> {
    refusal::of(whole("byte_size", byte_size).and_then(|byte_size| {
        NewAttachment {
            has_document: document_id.is_some(),
            name: name.as_deref(),
            mime_type: mime_type.as_deref(),
            byte_size,
            storage_path: storage_path.as_deref(),
        }
        .check()
    }))
}

/// The rules of the upkeep calls; `older_than` is in seconds, `most` is the call's largest batch.
#[wasm_bindgen(js_name = checkUpkeep)]
pub fn check_upkeep(older_than: Option<f64>, batch_size: Option<f64>, most: i32) -> Option<Object> {
    refusal::of(integer("batch_size", batch_size).and_then(|batch_size| {
        Upkeep {
            older_than: older_than.map(micros),
            batch_size,
            most,
        }
        .check()
    }))
}

/// The limit for a batch of messages.
#[wasm_bindgen(js_name = checkMessageCount)]
pub fn check_message_count(items: usize) -> Option<Object> {
    refusal::of(batch::size("messages", items, limits::BATCH_MESSAGES))
}

/// The limit for a batch of documents.
#[wasm_bindgen(js_name = checkDocumentCount)]
pub fn check_document_count(items: usize) -> Option<Object> {
    refusal::of(batch::size("documents", items, limits::BATCH_DOCUMENTS))
}

/// A JavaScript number as SQL's integer.
fn integer(argument: &'static str, number: Option<f64>) -> Result<Option<i32>, Refusal> {
    match whole(argument, number)? {
        None => Ok(None),
        Some(number) => i32::try_from(number).map(Some).map_err(|_| {
            Refusal::invalid(
                argument,
                "is out of range for an integer",
                "Pass a number between -2147483648 and 2147483647.",
            )
        }),
    }
}

/// A JavaScript number as SQL's bigint, up to the largest safe integer of JavaScript (2^53 - 1).
fn whole(argument: &'static str, number: Option<f64>) -> Result<Option<i64>, Refusal> {
    const MOST: f64 = 9_007_199_254_740_991.0;
    match number {
        None => Ok(None),
        Some(number) if number.fract() == 0.0 && number.abs() <= MOST => {
            // The guard has checked that it is in range and whole.
            #[allow(clippy::cast_possible_truncation)]
            Ok(Some(number as i64))
        }
        Some(_) => Err(Refusal::invalid(
            argument,
            "must be a whole number",
            "Pass a safe integer (Number.isSafeInteger).",
        )),
    }
}

/// Seconds as microseconds. The cast saturates and turns NaN into zero: both results are outside core's limits.
#[allow(clippy::cast_possible_truncation)]
fn micros(seconds: f64) -> i64 {
    (seconds * 1_000_000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn numbers_that_are_not_whole_are_refused() {
        for (number, expected) in [
            (0.0, Some(0)),
            (-7.0, Some(-7)),
            (9_007_199_254_740_991.0, Some(9_007_199_254_740_991)),
            (9_007_199_254_740_992.0, None),
            (0.5, None),
            (f64::NAN, None),
            (f64::INFINITY, None),
            (f64::NEG_INFINITY, None),
        ] {
            assert_eq!(
                whole("byte_size", Some(number)).ok().flatten(),
                expected,
                "{number}"
            );
        }
    }

    #[test]
    fn an_integer_out_of_range_is_refused_by_name() {
        assert_eq!(integer("token_count", None), Ok(None));
        assert_eq!(
            integer("token_count", Some(2_147_483_647.0)),
            Ok(Some(i32::MAX))
        );
        assert_eq!(
            integer("token_count", Some(2_147_483_648.0))
                .unwrap_err()
                .message,
            "token_count is out of range for an integer"
        );
    }

    #[test]
    fn the_longest_text_breaks_the_largest_limit() {
        assert!(longest_text() > limits::CONTENT_BYTES);
        assert!(longest_text() > limits::JSON_BYTES);
        // Two UTF-16 units make one character, and a title counts characters.
        assert!(longest_text() / 2 > limits::SOURCE_URI_CHARS);
    }

    #[test]
    fn seconds_outside_the_limits_of_a_session_are_refused() {
        for (seconds, expected) in [
            (1.0, limits::SESSION_MIN_MICROS),
            (400.0 * 86_400.0, limits::SESSION_MICROS),
            (f64::NAN, 0),
            (f64::INFINITY, i64::MAX),
            (-1e300, i64::MIN),
        ] {
            assert_eq!(micros(seconds), expected, "{seconds}");
        }
    }
}
