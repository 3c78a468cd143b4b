//! Writes and checks `tests/contract/support/user_ids.psql`: users of issuers, and the ids that core computes for them.
//! The contract suite and the tests of the npm package compare with these vectors. After a change of the rule, write
//! them again with `CHATKEEP_WRITE_VECTORS=1 cargo test -p chatkeep-core --test user_ids`.

use std::collections::HashMap;
use std::path::Path;

use chatkeep_core::user_id::user_id;
use chatkeep_core::uuid;
use proptest::prelude::*;

const FILE: &str = "../tests/contract/support/user_ids.psql";

/// Issuers, also some that another pair could be mistaken for.
const ISSUERS: [&str; 7] = [
    "https://clerk.example.com",
    "https://clerk.example.com/",
    "https://tenant.eu.auth0.com/",
    "https://securetoken.google.com/project",
    "a",
    "a b",
    "https://пример.example",
];

/// Subjects in the forms of Clerk, Auth0, Firebase and Cognito, and some that are hard to tell apart.
const SUBJECTS: [&str; 9] = [
    "user_2abcDEF",
    "user_2abcdef",
    "auth0|5f7c8ec7c33c6c004bbafe82",
    "google-oauth2|103547991597142817347",
    "00000000-0000-4000-8000-00000000ada0",
    "b\na",
    " ",
    "ada@example.com",
    "\u{1f600}é",
];

fn quoted(text: &str) -> String {
    format!("e'{}'", text.replace('\'', "''").replace('\n', "\\n"))
}

fn vectors() -> String {
    let rows: Vec<String> = ISSUERS
        .iter()
        .flat_map(|issuer| SUBJECTS.iter().map(move |subject| (issuer, subject)))
        .filter_map(|(issuer, subject)| {
            let id = uuid::format(&user_id(issuer, subject).ok()?);
            Some(format!(
                "  ({}, {}, '{id}')",
                quoted(issuer),
                quoted(subject)
            ))
        })
        .collect();
    format!(
        "-- Written by core/tests/user_ids.rs: issuer, subject and the user's id.\n\
         create temporary table user_ids (issuer text, subject text, id uuid) on commit drop;\n\
         insert into user_ids values\n{};\n",
        rows.join(",\n")
    )
}

#[test]
fn the_file_of_vectors_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("CHATKEEP_WRITE_VECTORS").is_some() {
        std::fs::write(&file, vectors()).unwrap();
    }
    assert_eq!(std::fs::read_to_string(&file).unwrap(), vectors());
}

#[test]
fn issuers_and_subjects_that_name_nobody_are_refused() {
    let long = "x".repeat(501);
    for (issuer, subject, refusal) in [
        ("", "a", "issuer must not be empty"),
        (
            "a\nb",
            "c",
            "issuer must not be empty, and must not have control",
        ),
        (
            "a\u{7f}",
            "c",
            "issuer must not be empty, and must not have control",
        ),
        ("a", "", "subject must not be empty"),
        (&long, "a", "issuer is longer than 500 characters"),
        ("a", &long, "subject is longer than 500 characters"),
        ("a\0", "b", "issuer contains a NUL character"),
        ("a", "b\0", "subject contains a NUL character"),
    ] {
        let message = user_id(issuer, subject).unwrap_err().message;
        assert!(message.starts_with(refusal), "{message}");
    }
}

/// Pairs that are forged to meet: parts of one text are cut at every place, with separators before, behind and inside.
#[test]
fn no_pair_of_a_million_has_the_id_of_another() {
    let mut known: HashMap<[u8; 16], (String, String)> = HashMap::new();
    let mut pairs = 0_u32;
    for number in 0_u32.. {
        let text = format!("https://a.example\n{number}\nuser|{number}\n");
        for (place, _) in text.char_indices() {
            let (issuer, subject) = text.split_at(place);
            for issuer in [
                issuer.to_owned(),
                issuer.replace('\n', ""),
                issuer.replace('\n', " "),
            ] {
                let Ok(id) = user_id(&issuer, subject) else {
                    continue;
                };
                let pair = (issuer, subject.to_owned());
                let other = known.entry(id).or_insert_with(|| pair.clone());
                assert_eq!(*other, pair);
                pairs += 1;
            }
        }
        if pairs >= 1_000_000 {
            break;
        }
    }
}

proptest! {
    #[test]
    fn an_id_is_of_version_8_and_always_the_same(issuer in "[ -~]{1,50}", subject in ".{1,50}") {
        let id = user_id(&issuer, &subject);
        prop_assert_eq!(&id, &user_id(&issuer, &subject));
        if let Ok(id) = id {
            prop_assert_eq!((id[6] >> 4, id[8] >> 6), (8, 2));
        }
    }
}
