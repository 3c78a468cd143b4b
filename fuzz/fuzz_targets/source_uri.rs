//! A source has one form, which has no credentials. A web address has the form that browsers give it.

#![no_main]

use std::borrow::Cow;

use chatkeep_core::documents::source_uri::{carries_credentials, checked};
use libfuzzer_sys::fuzz_target;
use url::{Host, Url};

/// All sentences of refusals, to check that no refusal repeats the value.
const REFUSALS: [&str; 5] = [
    "source_uri must not be empty",
    "source_uri is longer than 2048 characters",
    "source_uri contains a NUL character",
    "source_uri contains a control character",
    "source_uri carries credentials",
];

/// Names of secrets, without the characters that join their words.
const SECRETS: [&str; 24] = [
    "xamzsignature",
    "xamzsecuritytoken",
    "xgoogsignature",
    "xosssignature",
    "xosssecuritytoken",
    "qsignature",
    "xcossecuritytoken",
    "signature",
    "sig",
    "token",
    "accesstoken",
    "refreshtoken",
    "idtoken",
    "authtoken",
    "securitytoken",
    "apikey",
    "apitoken",
    "secret",
    "clientsecret",
    "password",
    "passwd",
    "pwd",
    "jwt",
    "authorization",
];

fuzz_target!(|text: &str| {
    let form = match checked(text) {
        Ok(form) => form,
        Err(refusal) => {
            assert!(REFUSALS.contains(&refusal.message.as_str()));
            assert_eq!(refusal.argument, "source_uri");
            return;
        }
    };
    assert!(!form.is_empty());
    assert!(form.chars().count() <= 2048);
    assert!(!form.bytes().any(|byte| byte.is_ascii_control()));
    assert!(!carries_credentials(text) && !carries_credentials(&form));
    assert_eq!(checked(&form), Ok(Cow::Borrowed(form.as_ref())));

    if let Ok(url) = Url::parse(&form) {
        lets_nobody_in(&url);
    }
    if let Some(expected) = browser_form(text) {
        assert_eq!(form, expected);
    }
});

fn lets_nobody_in(url: &Url) {
    assert!(
        url.username().is_empty() && url.password().is_none(),
        "{url}"
    );
    for (name, value) in url.query_pairs() {
        let name: String = name
            .chars()
            .filter(|joint| !"-_".contains(*joint))
            .collect();
        assert!(
            value.is_empty() || !SECRETS.contains(&name.to_ascii_lowercase().as_str()),
            "{url}"
        );
    }
}

/// A browser's form of a web address without the fragment, if the browser changes no more than RFC 3986 does. Browsers
/// also escape characters, read numbers as addresses, apply IDNA and read a backslash as a slash.
fn browser_form(text: &str) -> Option<String> {
    let (scheme, rest) = text.split_once("://")?;
    let is_web = ["http", "https", "ws", "wss"]
        .iter()
        .any(|web| scheme.eq_ignore_ascii_case(web));
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-._~!$&()*+,;=:@/?#".contains(&byte);
    if !is_web || rest.starts_with('/') || !rest.bytes().all(plain) {
        return None;
    }
    let mut url = Url::parse(text).ok()?;
    // A browser reads the port as a number and drops leading zeros.
    let authority = rest.split(['/', '?', '#']).next()?;
    if !matches!(url.host(), Some(Host::Domain(_))) || authority.contains(":0") {
        return None;
    }
    // The parser keeps a Windows drive before `..`, which is right only for file.
    let is_drive = |segment: &str| segment.len() == 2 && segment.ends_with(':');
    if rest.split(['/', '?', '#']).skip(1).any(is_drive) {
        return None;
    }
    url.set_fragment(None);
    Some(url.into())
}
