//! Members of a tenant.

use crate::refusal::Refusal;
use crate::text;

/// The longest name of a tenant, in characters.
const NAME: usize = 200;

/// Refuses what is no role of a member.
pub fn check_role(role: Option<&str>) -> Result<(), Refusal> {
    text::one_of(
        "role",
        role,
        &["owner", "admin", "member"],
        "must be owner, admin or member",
        "Pass one of the three, in lower case.",
    )
}

/// Refuses what is no name of a tenant.
pub fn check_name(name: Option<&str>) -> Result<(), Refusal> {
    let name = name.ok_or_else(|| Refusal::missing("name"))?;
    if name.is_empty() {
        return Err(Refusal::invalid(
            "name",
            "must not be empty",
            "Pass a name of 1 to 200 characters.",
        ));
    }
    text::at_most_chars("name", name, NAME)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn roles_and_names_have_their_forms() {
        for role in ["owner", "admin", "member"] {
            assert_eq!(check_role(Some(role)), Ok(()));
        }
        let refused = |role| check_role(role).map_err(|refusal| refusal.message);
        assert_eq!(refused(None), Err("role is missing".to_owned()));
        let message = "role must be owner, admin or member";
        assert_eq!(refused(Some("Owner")), Err(message.to_owned()));

        assert_eq!(check_name(Some(&"ä".repeat(200))), Ok(()));
        for (name, message) in [
            (None, "name is missing"),
            (Some(""), "name must not be empty"),
            (Some("a\0"), "name contains a NUL character"),
            (
                Some(&*"ä".repeat(201)),
                "name is longer than 200 characters",
            ),
        ] {
            let refused = check_name(name).map_err(|refusal| refusal.message);
            assert_eq!(refused, Err(message.to_owned()));
        }
    }
}
