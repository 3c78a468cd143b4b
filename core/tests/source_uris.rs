//! Writes and checks `tests/contract/support/source_uris.psql`: sources, and the forms that core gives them. The contract
//! suite compares the engines with these vectors. After a change of the rules, write them again with
//! `CHATKEEP_WRITE_VECTORS=1 cargo test -p chatkeep-core --test source_uris`.

use std::borrow::Cow;
use std::path::Path;

use chatkeep_core::documents::source_uri;

const FILE: &str = "../tests/contract/support/source_uris.psql";
const VECTORS: usize = 1_400;

/// Parts of URIs, and texts that have misled readers of URIs.
const PIECES: [&str; 88] = [
    "/../",
    "/./",
    "/..",
    "a:b@",
    "//a@",
    "?token=",
    ";X-Sig_nature=",
    "&%70wd=",
    "%3Ftoken%3D",
    "%2F%2Fa%3Ab%40",
    "#jwt=",
    "?page_token=",
    "http",
    "HTTPS",
    "https",
    "ws",
    "Ftp",
    "file",
    "s3",
    "urn",
    "mailto",
    "c",
    "jdbc:x",
    ":",
    ":",
    "://",
    "://",
    "://",
    ":/",
    "//",
    "///",
    "/",
    "/",
    "/",
    ".",
    "..",
    "/.",
    "/..",
    "/./",
    "/../",
    "...",
    "\\",
    "?",
    "?",
    "#",
    "@",
    "&",
    ";",
    "=",
    "=",
    "%",
    "%3A",
    "%2f",
    "%2F",
    "%40",
    "%3D",
    "%26",
    "%3f",
    "%23",
    "%25",
    "%5",
    "%00",
    "%C3%9C",
    "[::1]",
    "[FE80::1",
    "[",
    "]",
    ":443",
    ":80",
    ":21",
    ":0",
    "token",
    "X-Amz-Signature",
    "to%6Ben",
    "api_KEY",
    "page_token",
    "user",
    "Example.COM",
    "a",
    "B",
    "-",
    "_",
    "+",
    "\u{dc}",
    " ",
    "\u{a0}",
    "\u{2003}",
    "\t",
];

/// Usual beginnings of a URI, so that the pieces after them are read as its parts.
const OPENINGS: [&str; 10] = [
    "",
    "",
    "",
    "",
    "http://a",
    "HTTPS://B:443",
    "https://",
    "file:",
    "s3://b/",
    "https://a/?",
];

/// Steele, Lea and Flood: Fast splittable pseudorandom number generators (`SplitMix64`).
struct Random(u64);

impl Random {
    fn below(&mut self, end: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut mixed = self.0;
        mixed = (mixed ^ (mixed >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        mixed = (mixed ^ (mixed >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        usize::try_from((mixed ^ (mixed >> 31)) % end as u64).unwrap_or(0)
    }

    fn uri(&mut self) -> String {
        let mut uri = OPENINGS[self.below(OPENINGS.len())].to_owned();
        for _ in 0..self.below(10) {
            uri.push_str(PIECES[self.below(PIECES.len())]);
        }
        uri
    }
}

/// The form that `register_document` stores, or the refusal in the form of `pg_temp.stored`.
fn answer(uri: &str) -> String {
    source_uri::checked(uri).map_or_else(
        |refusal| format!("{} {}", refusal.code.sqlstate(), refusal.message),
        Cow::into_owned,
    )
}

fn literal(text: &str) -> String {
    let mut literal = String::from("E'");
    for character in text.chars() {
        match character {
            '\'' | '\\' => literal.extend(['\\', character]),
            ' '..='~' => literal.push(character),
            _ => literal.extend(format!("\\u{:04x}", u32::from(character)).chars()),
        }
    }
    literal + "'"
}

/// Sources with every name and port in core's lists: if one is missing in the portable engine, a vector fails.
fn every_name_and_port() -> Vec<String> {
    let names = source_uri::SECRET_ENDINGS.iter();
    let names = names.chain(&source_uri::SECRET_NAMES);
    let parameters = names.flat_map(|name| [format!("?{name}=1"), format!("?x{name}=1")]);
    let schemes = ["http", "https", "ws", "wss", "ftp", "file", "s3", "sftp"];
    let addresses = schemes.iter().flat_map(|scheme| {
        ["", ":", ":80", ":443", ":21"].map(|port| format!("{scheme}://a{port}"))
    });
    // Only web schemes have their host after any number of slashes.
    let users = schemes.iter().map(|scheme| format!("{scheme}:/a@b"));
    parameters.chain(addresses).chain(users).collect()
}

fn vectors() -> String {
    let mut random = Random(0x5eed);
    let mut uris = every_name_and_port();
    while uris.len() < VECTORS {
        let uri = random.uri();
        if !uris.contains(&uri) {
            uris.push(uri);
        }
    }
    let rows: Vec<String> = uris
        .iter()
        .map(|uri| format!("  ({}, {})", literal(uri), literal(&answer(uri))))
        .collect();
    format!(
        "-- Sources, most of them random, and core's form or refusal of each. Written by core/tests/source_uris.rs.\n\
         create temporary table vectors (uri text, answer text) on commit drop;\n\
         insert into vectors values\n{};\n",
        rows.join(",\n")
    )
}

#[test]
fn the_file_of_vectors_is_current() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join(FILE);
    if std::env::var_os("CHATKEEP_WRITE_VECTORS").is_some() {
        std::fs::write(&file, vectors()).unwrap();
    }
    assert!(
        std::fs::read_to_string(&file).unwrap() == vectors(),
        "{} is stale: see the command at the top of this file",
        file.display()
    );
}

#[test]
fn the_vectors_cover_kept_changed_and_refused_sources() {
    let mut random = Random(0x5eed);
    let (mut kept, mut changed, mut refused) = (0, 0, 0);
    for _ in 0..VECTORS {
        let uri = random.uri();
        match source_uri::checked(&uri) {
            Ok(form) if form == uri => kept += 1,
            Ok(_) => changed += 1,
            Err(refusal) => refused += usize::from(refusal.message.ends_with("credentials")),
        }
    }
    for count in [kept, changed, refused] {
        assert!(count > VECTORS / 10, "{kept} {changed} {refused}");
    }
}
