//! The refusal: the only error type of the rules, with a code, the argument at fault and a hint.

use std::borrow::Cow;
use std::fmt;

/// Why a call is refused. Each code has one SQLSTATE, the same in both engines and in the WASM module.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Code {
    /// An argument is present and wrong.
    InvalidArgument,
    /// An argument is NULL and may not be.
    MissingArgument,
    /// The caller has no right to the call: not signed in, or disabled.
    NoRight,
    /// The request's session has ended, or its token is not valid: sign in again.
    NotSignedIn,
    /// No such row, or a row of somebody else. The refusal does not distinguish the two.
    NotFound,
    /// Other content has the same idempotency key.
    Conflict,
    /// The chat was deleted.
    Gone,
    /// The tenant is being moved: its rows can be read, and written again afterwards.
    Moving,
}

impl Code {
    /// The SQLSTATE. `PostgREST` turns `PTnnn` into the HTTP status nnn. The others are `PostgreSQL`'s own (appendix A),
    /// chosen so that no gateway answers 500 or retries.
    pub const fn sqlstate(self) -> &'static str {
        match self {
            Self::InvalidArgument => "22023",
            Self::MissingArgument => "22004",
            Self::NoRight => "42501",
            Self::NotSignedIn => "PT401",
            Self::NotFound => "PT404",
            Self::Conflict => "PT409",
            Self::Gone => "PT410",
            Self::Moving => "PT503",
        }
    }

    /// The HTTP status that `PostgREST` gives this code for a signed-in caller.
    pub const fn http_status(self) -> u16 {
        match self {
            Self::InvalidArgument | Self::MissingArgument => 400,
            Self::NoRight => 403,
            Self::NotSignedIn => 401,
            Self::NotFound => 404,
            Self::Conflict => 409,
            Self::Gone => 410,
            Self::Moving => 503,
        }
    }
}

/// A refused call. `message` names the argument and its fault, `hint` a remedy. Neither repeats the value, which may be a
/// secret or belong to somebody else.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Refusal {
    /// The kind of refusal.
    pub code: Code,
    /// The name of the argument at fault, with its place in an array argument: `messages[3].role`.
    pub argument: Cow<'static, str>,
    /// The fault, in a sentence that begins with the name of the argument.
    pub message: String,
    /// The remedy.
    pub hint: &'static str,
}

impl Refusal {
    /// A wrong argument (22023). `rule` completes the sentence that begins with its name.
    pub fn invalid(argument: &'static str, rule: &str, hint: &'static str) -> Self {
        Self {
            code: Code::InvalidArgument,
            argument: argument.into(),
            message: format!("{argument} {rule}"),
            hint,
        }
    }

    /// An item of an array argument that is wrong as a whole (22023): `messages[3] must be …`.
    pub fn invalid_item(array: &str, position: usize, rule: &str, hint: &'static str) -> Self {
        let argument = format!("{array}[{position}]");
        Self {
            code: Code::InvalidArgument,
            message: format!("{argument} {rule}"),
            argument: argument.into(),
            hint,
        }
    }

    /// An argument that is NULL and may not be (22004).
    pub fn missing(argument: &'static str) -> Self {
        Self {
            code: Code::MissingArgument,
            argument: argument.into(),
            message: format!("{argument} is missing"),
            hint: "Pass a value; null is not accepted here.",
        }
    }

    /// The same refusal for an item of an array argument: `messages[3].role must be …`.
    #[must_use]
    pub fn in_item(self, array: &str, position: usize) -> Self {
        Self {
            argument: format!("{array}[{position}].{}", self.argument).into(),
            message: format!("{array}[{position}].{}", self.message),
            ..self
        }
    }

    /// No such chat, or a chat of somebody else (PT404).
    pub fn chat_not_found() -> Self {
        Self {
            code: Code::NotFound,
            argument: Cow::Borrowed("chat_id"),
            message: "chat_id names no chat of yours".to_owned(),
            hint: "Make the chat with create_chat, or check the id.",
        }
    }

    /// The chat was deleted (PT410).
    pub fn chat_deleted() -> Self {
        Self {
            code: Code::Gone,
            argument: Cow::Borrowed("chat_id"),
            message: "chat_id names a deleted chat".to_owned(),
            hint: "Restore it with restore_chat, or start a new one.",
        }
    }

    /// A message after another one than the last, in a chat of somebody else (PT409).
    pub fn shared_chat_branched() -> Self {
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed("parent_id"),
            message: "parent_id names a message that is not the last one".to_owned(),
            hint: "Read the chat again and append after its last message: only its owner starts branches.",
        }
    }

    /// The caller saw the row when the call began, and could no longer write it (42501). `what` is the middle of the
    /// sentence that ends in `cannot be written any more`.
    pub fn unwritten(argument: &'static str, what: &str) -> Self {
        Self {
            code: Code::NoRight,
            argument: Cow::Borrowed(argument),
            message: format!("{argument} {what} cannot be written any more"),
            hint: "The user was disabled or the share ended during the call, or a policy, trigger or rule of this database keeps the row out. Nothing was stored.",
        }
    }

    /// [`Self::unwritten`] for a chat.
    pub fn chat_unwritten() -> Self {
        Self::unwritten("chat_id", "names a chat that")
    }

    /// The message was not stored, although the caller sees no message with its id (PT409). `what` is the middle of the
    /// sentence that ends in `taken by a message that you cannot see`.
    pub fn message_unseen(argument: &'static str, what: &str) -> Self {
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed(argument),
            message: format!("{argument} {what} taken by a message that you cannot see"),
            hint: "Pass a new id; if it is refused again, a policy, trigger or rule of this database keeps the row out.",
        }
    }

    /// The registration cannot succeed, because a document that the caller cannot see has the same source or bytes (PT409).
    pub fn document_unseen() -> Self {
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed("source_uri"),
            message: "source_uri or checksum is taken by a document that you cannot see".to_owned(),
            hint: "Repeat the call; if it is refused again, a policy of this database hides the document.",
        }
    }

    /// A direct update of a column that only calls may change (42501).
    pub fn chat_moved_directly() -> Self {
        Self {
            code: Code::NoRight,
            argument: Cow::Borrowed("chat_id"),
            message: "only title, metadata, archived_at, pinned_at, folder, tags and read_up_to_seq of a chat can be changed directly"
                .to_owned(),
            hint: "Messages move the other columns: use append_message.",
        }
    }

    /// Several tenants have a chat with this id, and the caller is exempt from policies (PT409).
    pub fn chat_ambiguous() -> Self {
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed("chat_id"),
            message: "chat_id names chats of several tenants".to_owned(),
            hint: "Name the tenant in the header x-chatkeep-tenant, or call as the chat's user.",
        }
    }

    /// A write of a tenant that is being moved (PT503).
    pub fn tenant_moving() -> Self {
        Self {
            code: Code::Moving,
            argument: Cow::Borrowed("tenant_id"),
            message: "the tenant is being moved".to_owned(),
            hint: "Nothing was stored. Try again later: reads go on.",
        }
    }

    /// No such message in this chat (PT404).
    pub fn message_not_found(argument: &'static str) -> Self {
        Self {
            code: Code::NotFound,
            argument: Cow::Borrowed(argument),
            message: format!("{argument} names no message of this chat"),
            hint: "Pass the id of a message of the same chat.",
        }
    }

    /// The path ends with another message than the caller expects (PT409). `leaf` is the id of this message.
    pub fn other_leaf(leaf: Option<&str>) -> Self {
        let present = leaf.map_or_else(
            || "there is none".to_owned(),
            |leaf| format!("that is {leaf}"),
        );
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed("expected_leaf"),
            message: format!("expected_leaf is not the last message: {present}"),
            hint: "Read what was appended meanwhile, and decide whether to append after it.",
        }
    }

    /// A row that the caller cannot see has this chat id (PT409).
    pub fn chat_id_taken() -> Self {
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed("chat_id"),
            message: "chat_id is taken".to_owned(),
            hint: "Leave chat_id out, or make a new UUID.",
        }
    }

    /// A message with other content has this idempotency key (PT409).
    pub fn message_id_conflict() -> Self {
        Self {
            code: Code::Conflict,
            argument: Cow::Borrowed("message_id"),
            message: "message_id is taken by a message with other content".to_owned(),
            hint: "Send the same content to retry, or a new message_id for a new message.",
        }
    }
}

impl fmt::Display for Refusal {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}

impl std::error::Error for Refusal {}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_code_maps_to_a_status_that_no_gateway_retries() {
        for code in [
            Code::InvalidArgument,
            Code::MissingArgument,
            Code::NoRight,
            Code::NotSignedIn,
            Code::NotFound,
            Code::Conflict,
            Code::Gone,
        ] {
            assert_eq!(code.sqlstate().len(), 5);
            assert!((400..500).contains(&code.http_status()), "{code:?}");
        }
        // The one refusal that a repetition overcomes. Gateways do not repeat a POST.
        assert_eq!(
            (Code::Moving.sqlstate(), Code::Moving.http_status()),
            ("PT503", 503)
        );
    }

    #[test]
    fn a_refusal_names_the_argument() {
        assert_eq!(Refusal::missing("role").to_string(), "role is missing");
    }
}
