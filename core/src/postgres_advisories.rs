//! Which servers have known holes in what isolation rests on: row level security and kept plans.

/// A hole, and the first minor release of each major one that is free of it.
struct Hole {
    cve: &'static str,
    fixed: &'static [(u32, u32)],
}

/// Newest first, from the security pages and release notes of `PostgreSQL`. The portable engine repeats the list.
const HOLES: &[Hole] = &[
    // Plans outlived a change of role membership or attributes.
    Hole {
        cve: "CVE-2026-14666",
        fixed: &[(15, 19), (16, 15), (17, 11), (18, 5)],
    },
    // Statistics told of rows that policies hide.
    Hole {
        cve: "CVE-2025-8713",
        fixed: &[(15, 14), (16, 10), (17, 6)],
    },
    // A plan below a subquery kept the policies of another role.
    Hole {
        cve: "CVE-2024-10976",
        fixed: &[(15, 9), (16, 5), (17, 1)],
    },
    // MERGE passed policies over.
    Hole {
        cve: "CVE-2023-39418",
        fixed: &[(15, 4)],
    },
    // An inlined function kept the policies of another role.
    Hole {
        cve: "CVE-2023-2455",
        fixed: &[(15, 3)],
    },
];

/// What to tell the operator of a server of this `server_version_num`; `None` where nothing is known against it.
pub fn warning(version: u32) -> Option<String> {
    let (major, minor) = (version / 10_000, version % 10_000);
    let mut cves = Vec::new();
    let mut safe = 0;
    for hole in HOLES {
        let fixed = hole.fixed.iter().find(|(of, _)| *of == major);
        if let Some((_, fixed)) = fixed.filter(|(_, fixed)| minor < *fixed) {
            cves.push(hole.cve);
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
    fn a_server_is_warned_of_every_hole_it_has_and_told_where_to_go() {
        for (version, said) in [
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
            assert_eq!(warning(version).as_deref(), said, "{version}");
        }
    }

    #[test]
    fn the_oldest_has_them_all() {
        let said = warning(150_000).unwrap_or_default();
        for hole in HOLES {
            assert!(said.contains(hole.cve), "{}", hole.cve);
        }
    }
}
