//! Shares of a chat.

use crate::refusal::Refusal;
use crate::text;

/// With whom a chat is to be shared, and for what. `None` is SQL's NULL.
#[derive(Clone, Copy, Debug)]
pub struct NewShare<'a> {
    /// Whether `with_user_id` names somebody.
    pub with_user: bool,
    /// Whether the share is for all members of the tenant.
    pub with_tenant: Option<bool>,
    /// Whether the share is a link.
    pub by_link: Option<bool>,
    /// `read` or `write`.
    pub permission: Option<&'a str>,
    /// Whether `up_to_message_id` names a message.
    pub up_to_message: bool,
}

impl NewShare<'_> {
    /// Refuses a share that names nobody or several, and a permission that it cannot have.
    pub fn check(&self) -> Result<(), Refusal> {
        let with_tenant = self
            .with_tenant
            .ok_or_else(|| Refusal::missing("with_tenant"))?;
        let by_link = self.by_link.ok_or_else(|| Refusal::missing("by_link"))?;
        let permission = self
            .permission
            .ok_or_else(|| Refusal::missing("permission"))?;
        let named = [self.with_user, with_tenant, by_link];
        if named.iter().filter(|is_named| **is_named).count() != 1 {
            return Err(Refusal::invalid(
                "with_user_id",
                "or with_tenant or by_link must say with whom, and only one of them",
                "Pass with_user_id, or with_tenant as true, or by_link as true.",
            ));
        }
        text::one_of(
            "permission",
            Some(permission),
            &["read", "write"],
            "must be read or write",
            "Pass read, or write to let the person append.",
        )?;
        if permission == "write" && by_link {
            return Err(Refusal::invalid(
                "permission",
                "must be read for a link",
                "Share with a member to let somebody append: each message then names its author.",
            ));
        }
        if permission == "write" && self.up_to_message {
            return Err(Refusal::invalid(
                "permission",
                "must be read with up_to_message_id",
                "Leave up_to_message_id out: who appends has to see the last message.",
            ));
        }
        Ok(())
    }
}

/// Refuses a request that names neither a link nor a share, or both.
pub fn check_opening(has_secret: bool, has_share_id: bool) -> Result<(), Refusal> {
    if has_secret != has_share_id {
        return Ok(());
    }
    Err(Refusal::invalid(
        "secret",
        "or share_id must be given, and not both",
        "Pass the secret of a link, or the id of a share from shared_with_me.",
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    const LINK: NewShare = NewShare {
        with_user: false,
        with_tenant: Some(false),
        by_link: Some(true),
        permission: Some("read"),
        up_to_message: false,
    };

    #[test]
    fn a_share_is_with_one_and_only_members_write() {
        let member = NewShare {
            with_user: true,
            by_link: Some(false),
            ..LINK
        };
        let refused = |share: NewShare| share.check().map_err(|refusal| refusal.message);
        assert_eq!(refused(LINK), Ok(()));
        assert_eq!(refused(member), Ok(()));
        let writing = Some("write");
        for (share, message) in [
            (
                NewShare {
                    with_tenant: None,
                    ..LINK
                },
                "with_tenant is missing",
            ),
            (
                NewShare {
                    by_link: None,
                    ..member
                },
                "by_link is missing",
            ),
            (
                NewShare {
                    permission: None,
                    ..LINK
                },
                "permission is missing",
            ),
            (
                NewShare {
                    permission: Some("own"),
                    ..LINK
                },
                "permission must be read or write",
            ),
            (
                NewShare {
                    permission: writing,
                    ..LINK
                },
                "permission must be read for a link",
            ),
            (
                NewShare {
                    permission: writing,
                    up_to_message: true,
                    ..member
                },
                "permission must be read with up_to_message_id",
            ),
            (
                NewShare {
                    with_user: true,
                    ..LINK
                },
                "with_user_id or with_tenant or by_link must say with whom, and only one of them",
            ),
            (
                NewShare {
                    by_link: Some(false),
                    ..LINK
                },
                "with_user_id or with_tenant or by_link must say with whom, and only one of them",
            ),
        ] {
            assert_eq!(refused(share), Err(message.to_owned()));
        }
    }

    #[test]
    fn a_share_is_opened_by_its_secret_or_its_id() {
        assert_eq!(check_opening(true, false), Ok(()));
        assert_eq!(check_opening(false, true), Ok(()));
        assert!(check_opening(true, true).is_err());
        assert!(check_opening(false, false).is_err());
    }
}
