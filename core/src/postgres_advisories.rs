//! The security advisories of `PostgreSQL` that concern the isolation of users: row level security and kept plans.

/// An advisory.
struct Advisory {
    cve: &'static str,
    /// For each major release, the first minor release that is fixed.
    fixed: &'static [(u32, u32)],
}

/// Newest first, from the security pages and release notes of `PostgreSQL`. The portable engine repeats the list.
const ADVISORIES: &[Advisory] = &[
    // Plans stayed valid after a change of role membership or attributes.
    Advisory {
        cve: "CVE-2026-14666",
        fixed: &[(15, 19), (16, 15), (17, 11), (18, 5)],
    },
    // Statistics revealed rows that policies hide.
    Advisory {
        cve: "CVE-2025-8713",
        fixed: &[(15, 14), (16, 10), (17, 6)],
    },
    // A plan below a subquery kept the policies of another role.
    Advisory {
        cve: "CVE-2024-10976",
        fixed: &[(15, 9), (16, 5), (17, 1)],
    },
    // MERGE did not apply all policies.
    Advisory {
        cve: "CVE-2023-39418",
        fixed: &[(15, 4)],
    },
    // An inlined function kept the policies of another role.
    Advisory {
        cve: "CVE-2023-2455",
        fixed: &[(15, 3)],
    },
];

/// The warning for the operator of a server with this `server_version_num`; `None` if no advisory applies.
pub fn warning(version: u32) -> Option<String> {
    let (major, minor) = (version / 10_000, version % 10_000);
    let mut cves = Vec::new();
    let mut safe = 0;
    for advisory in ADVISORIES {
        let fixed = advisory.fixed.iter().find(|(of, _)| *of == major);
        if let Some((_, fixed)) = fixed.filter(|(_, fixed)| minor < *fixed) {
            cves.push(advisory.cve);
            safe = safe.max(*fixed);
        }
    }
    (!cves.is_empty()).then(|| {
        format!(
            "PostgreSQL {major}.{minor} has {}: move to {major}.{safe} or newer",
            cves.join(", ")
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_warning_names_every_advisory_and_the_release_to_move_to() {
        for (version, expected) in [
            (
                150_018,
                Some("PostgreSQL 15.18 has CVE-2026-14666: move to 15.19 or newer"),
            ),
            (
                170_000,
                Some(
                    "PostgreSQL 17.0 has CVE-2026-14666, CVE-2025-8713, CVE-2024-10976: move to 17.11 or newer",
                ),
            ),
            (
                180_004,
                Some("PostgreSQL 18.4 has CVE-2026-14666: move to 18.5 or newer"),
            ),
            (150_019, None),
            (170_011, None),
            (180_006, None),
            (190_000, None),
        ] {
            assert_eq!(warning(version).as_deref(), expected, "{version}");
        }
    }

    #[test]
    fn every_advisory_applies_to_the_oldest_server() {
        let warning = warning(150_000).unwrap_or_default();
        for advisory in ADVISORIES {
            assert!(warning.contains(advisory.cve), "{}", advisory.cve);
        }
    }
}
