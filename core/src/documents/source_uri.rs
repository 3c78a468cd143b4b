//! The normal form of a source, and the refusal of sources with credentials.
//!
//! The normal form gives one text to URIs that RFC 3986 sections 6.2.2 and 6.2.3 call equivalent. Text that is not a URI
//! stays as it is. This module does not parse URLs completely. The portable engine has the same rules in
//! `checked_source_uri`; the vectors in `tests/contract/support/source_uris.psql` hold both to the same results.

use std::borrow::Cow;

use crate::{Refusal, limits, text};

/// Schemes whose empty path is `/` (RFC 9110 section 4.2.3, RFC 6455 section 3).
const ROOTED_SCHEMES: [&str; 4] = ["http", "https", "ws", "wss"];

/// Schemes whose host browsers find after any number of slashes, even none (WHATWG URL, "special scheme").
const WEB_SCHEMES: [&str; 5] = ["http", "https", "ws", "wss", "ftp"];

/// Endings of the names of secret parameters. Anyone who reads a URL with such a parameter can use it. They are the
/// signatures and security tokens of object stores (S3, Google, Azure, Alibaba, Tencent, Huawei and others put their own
/// prefix before them), and the names of secrets in OAuth and databases.
pub const SECRET_ENDINGS: [&str; 18] = [
    "signature",
    "securitytoken",
    "accesstoken",
    "refreshtoken",
    "authtoken",
    "sessiontoken",
    "privatetoken",
    "apitoken",
    "apikey",
    "accesskey",
    "secretkey",
    "privatekey",
    "subscriptionkey",
    "secret",
    "secretproof",
    "password",
    "passwd",
    "passphrase",
];

/// Whole names of secret parameters. These are no endings, because harmless names end in them too: `page_token` is the
/// position in a list. The list leaves out `key`, `code` and `session_id`, which are seldom secret.
pub const SECRET_NAMES: [&str; 24] = [
    // Azure's shared access signature; Supabase Storage, Qiniu and many others.
    "sig",
    "token",
    "idtoken",
    "tokenhash",
    "oauthtoken",
    "jobtoken",
    "feedtoken",
    "rsstoken",
    "jwt",
    "pwd",
    "pass",
    // Firebase and Baidu.
    "auth",
    "authkey",
    "authorization",
    "bearer",
    "credentials",
    // RFC 7521, and SAML's redirect binding.
    "assertion",
    "clientassertion",
    "samlresponse",
    // Java Servlet and PHP; Akamai.
    "jsessionid",
    "phpsessid",
    "hmac",
    "hdnea",
    "hdnts",
];

/// Checks a source, a URI or a path, and returns the form in which it is stored. Refuses (22023) empty text, more than
/// [`limits::SOURCE_URI_CHARS`] characters, control characters and credentials.
///
/// A URI begins with a scheme of two or more characters and a colon. After the colon comes `//`, or the text has no
/// whitespace. So `C:\a` and `Re: hello` are paths. A path is stored unchanged.
///
/// A URI is stored without its fragment and without the default port of its scheme. Scheme and host become lower case.
/// `.` and `..` in the path are resolved. An empty path becomes `/` for the schemes of the web. The query and the
/// percent-encoding stay. The form of a form is the form itself.
pub fn checked(uri: &str) -> Result<Cow<'_, str>, Refusal> {
    if is_plain(uri) {
        return Ok(Cow::Borrowed(uri));
    }
    checked_closely(uri)
}

/// Whether a source is a web address that is in its form already and cannot hold a credential: its host and path consist
/// of letters, digits and few other characters, and no segment begins with a dot. Most sources are like this, and a batch
/// can have ten thousand, so they skip the slower check.
fn is_plain(uri: &str) -> bool {
    let rest = uri
        .strip_prefix("https://")
        .or_else(|| uri.strip_prefix("http://"));
    let Some((host, path)) = rest.and_then(|rest| rest.split_once('/')) else {
        return false;
    };
    let in_host = |byte: u8| matches!(byte, b'a'..=b'z' | b'0'..=b'9' | b'.' | b'-');
    let mut before = b'/';
    let fits = |byte: u8| {
        let fits = match byte {
            b'a'..=b'z' | b'A'..=b'Z' | b'0'..=b'9' | b'/' | b'_' | b'-' | b'~' => true,
            b'.' => before != b'/',
            _ => false,
        };
        before = byte;
        fits
    };
    uri.len() <= limits::SOURCE_URI_CHARS
        && !host.is_empty()
        && host.bytes().all(in_host)
        && path.bytes().all(fits)
}

fn checked_closely(uri: &str) -> Result<Cow<'_, str>, Refusal> {
    const ARGUMENT: &str = "source_uri";
    if uri.is_empty() {
        return Err(Refusal::invalid(
            ARGUMENT,
            "must not be empty",
            "Pass the URI or path the bytes came from.",
        ));
    }
    text::at_most_chars(ARGUMENT, uri, limits::SOURCE_URI_CHARS)?;
    if uri.bytes().any(|byte| byte.is_ascii_control()) {
        return Err(Refusal::invalid(
            ARGUMENT,
            "contains a control character",
            "Percent-encode it (RFC 3986 section 2.1).",
        ));
    }
    if carries_credentials(uri) {
        return Err(credentials(ARGUMENT));
    }
    let Some((scheme, rest)) = split_scheme(uri) else {
        return Ok(Cow::Borrowed(uri));
    };
    let form = normal_form(scheme, rest);
    if form == uri {
        return Ok(Cow::Borrowed(uri));
    }
    // The form may be longer by one character: the `/` after the host.
    text::at_most_chars(ARGUMENT, &form, limits::SOURCE_URI_CHARS)?;
    // Without its dots, a path can become a host: `x:/.//user:password@host`.
    if carries_credentials(&form) {
        return Err(credentials(ARGUMENT));
    }
    Ok(Cow::Owned(form))
}

/// The refusal does not repeat the value, which holds the secret.
fn credentials(argument: &'static str) -> Refusal {
    Refusal::invalid(
        argument,
        "carries credentials",
        "Remove user, password, token and signature; a stored URI is readable.",
    )
}

/// Whether a text has a user, a password, a token or a signature in a place where URLs have them, plain or percent-encoded
/// once. The fragment of a URI is ignored, because it is not stored. Takes linear time.
pub fn carries_credentials(text: &str) -> bool {
    let text = match split_scheme(text) {
        Some(_) => before(text, '#'),
        None => text,
    };
    // A URL in the query of another URL is percent-encoded.
    lets_in(text) || decoded(text).is_some_and(|text| lets_in(&text))
}

fn lets_in(text: &str) -> bool {
    names_user(text) || nests_password(text) || text.contains('=') && has_secret_parameter(text)
}

/// Whether the first authority has user information (RFC 3986 section 3.2.1). A user without a password counts too,
/// because some services take a token as the user.
fn names_user(text: &str) -> bool {
    // Browsers ignore spaces at the beginning.
    let text = text.trim_start_matches(' ');
    let has_user = |rest| authority(rest).contains('@');
    if text.strip_prefix("//").is_some_and(has_user)
        || text
            .split_once("://")
            .is_some_and(|(_, rest)| has_user(rest))
    {
        return true;
    }
    text.split_once(':').is_some_and(|(scheme, rest)| {
        WEB_SCHEMES
            .iter()
            .any(|web| scheme.eq_ignore_ascii_case(web))
            && before(authority(rest.trim_start_matches(['/', '\\'])), '\\').contains('@')
    })
}

/// Whether any URL in the text, also a nested one, has `://user:password@`.
fn nests_password(text: &str) -> bool {
    text.match_indices("://").any(|(at, mark)| {
        let authority = text.get(at + mark.len()..).map_or("", authority);
        authority
            .find(':')
            .is_some_and(|colon| authority.rfind('@').is_some_and(|end| colon < end))
    })
}

/// The text before the first `/`, `?` or `#`.
fn authority(rest: &str) -> &str {
    rest.split(['/', '?', '#']).next().unwrap_or(rest)
}

fn before(text: &str, mark: char) -> &str {
    text.split(mark).next().unwrap_or(text)
}

/// A parameter may begin after each `?`, `&`, `;` or `#`. Some readers begin one at a second `?`, at a `;` in the path
/// (`;jsessionid=`) or at `#` (`#access_token=`).
fn has_secret_parameter(text: &str) -> bool {
    text.split(['?', '&', ';', '#'])
        .skip(1)
        .filter_map(|parameter| parameter.split_once('='))
        .any(|(name, _)| is_secret(name))
}

/// Compares the name without the characters that join its words, as in `X-Amz-Signature`, `access_token` and
/// `user[password]`.
fn is_secret(name: &str) -> bool {
    let name: String = name
        .chars()
        .filter(|joint| !matches!(joint, '-' | '_' | '.' | '~' | '+' | '[' | ']' | ' '))
        .map(|letter| letter.to_ascii_lowercase())
        .collect();
    SECRET_NAMES.contains(&name.as_str())
        || SECRET_ENDINGS.iter().any(|ending| name.ends_with(ending))
}

/// The text with its escapes of printable ASCII decoded; `None` if it has no such escape.
fn decoded(text: &str) -> Option<String> {
    let mut bytes = Vec::new();
    let mut rest = text.as_bytes();
    let mut found = false;
    while let Some((&byte, tail)) = rest.split_first() {
        let escaped = if byte == b'%' { escape(tail) } else { None };
        found |= escaped.is_some();
        bytes.push(escaped.unwrap_or(byte));
        rest = match escaped {
            Some(_) => tail.get(2..).unwrap_or_default(),
            None => tail,
        };
    }
    // Only ASCII was replaced by ASCII, so the bytes are still UTF-8.
    found.then(|| String::from_utf8(bytes).ok()).flatten()
}

fn escape(tail: &[u8]) -> Option<u8> {
    let [high, low] = [tail.first()?, tail.get(1)?].map(|digit| char::from(*digit).to_digit(16));
    let byte = u8::try_from(high? << 4 | low?).ok()?;
    (0x20..0x80).contains(&byte).then_some(byte)
}

/// The scheme of a URI and the text after its colon; `None` for a path.
fn split_scheme(text: &str) -> Option<(&str, &str)> {
    let (scheme, rest) = text.split_once(':')?;
    // A single letter is a drive of Windows.
    let is_scheme = scheme.len() > 1
        && scheme.starts_with(|first: char| first.is_ascii_alphabetic())
        && scheme
            .bytes()
            .all(|byte| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'-' | b'.'));
    (is_scheme && (rest.starts_with("//") || !text.contains(char::is_whitespace)))
        .then_some((scheme, rest))
}

fn normal_form(scheme: &str, rest: &str) -> String {
    let rest = before(rest, '#');
    let (hierarchy, query) = rest.split_at(rest.find('?').unwrap_or(rest.len()));
    let scheme = scheme.to_ascii_lowercase();
    let mut form = format!("{scheme}:");
    let path = if let Some(hierarchy) = hierarchy.strip_prefix("//") {
        let (authority, path) = hierarchy.split_at(hierarchy.find('/').unwrap_or(hierarchy.len()));
        form.push_str("//");
        form.push_str(&without_default_port(&scheme, authority).to_ascii_lowercase());
        if path.is_empty() && ROOTED_SCHEMES.contains(&scheme.as_str()) {
            form.push('/');
        }
        without_dots(path)
    } else if hierarchy.starts_with('/') {
        let path = without_dots(hierarchy);
        if path.starts_with("//") {
            // Without `/.`, the next segment would be read as a host (WHATWG URL, "URL serializing").
            form.push_str("/.");
        }
        path
    } else {
        Cow::Borrowed(hierarchy)
    };
    form.push_str(&path);
    form.push_str(query);
    form
}

/// The authority without an empty port or the default port of the scheme. Text that is not a host and a port stays as it
/// is: `a:80:80` must not become `a:80`.
fn without_default_port<'a>(scheme: &str, authority: &'a str) -> &'a str {
    let Some((host, port)) = authority.rsplit_once(':') else {
        return authority;
    };
    let is_literal = host.starts_with('[') && host.find(']') == host.len().checked_sub(1);
    if host.contains(':') && !is_literal {
        return authority;
    }
    let default = match scheme {
        "http" | "ws" => "80",
        "https" | "wss" => "443",
        "ftp" => "21",
        _ => "",
    };
    if port.is_empty() || port == default {
        host
    } else {
        authority
    }
}

/// RFC 3986 section 5.2.4 for a path that begins with `/` or is empty.
fn without_dots(path: &str) -> Cow<'_, str> {
    let is_dot = |segment| matches!(segment, "." | "..");
    let Some(segments) = path.strip_prefix('/') else {
        return Cow::Borrowed(path);
    };
    if !segments.split('/').any(is_dot) {
        return Cow::Borrowed(path);
    }
    let mut kept = Vec::new();
    for segment in segments.split('/') {
        match segment {
            "." => {}
            ".." => drop(kept.pop()),
            _ => kept.push(segment),
        }
    }
    // A path that ends in dots names a folder, so it ends in `/`.
    if segments.rsplit('/').next().is_some_and(is_dot) {
        kept.push("");
    }
    Cow::Owned(format!("/{}", kept.join("/")))
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const SECRET: &str = "source_uri carries credentials";

    /// The stored form, or the sentence of the refusal.
    fn answer(uri: &str) -> String {
        checked(uri).map_or_else(|refusal| refusal.message, Cow::into_owned)
    }

    #[test]
    fn one_source_has_one_form() {
        for (uri, form) in [
            ("HTTP://EXAMPLE.com:80", "http://example.com/"),
            ("http://example.com:8080", "http://example.com:8080/"),
            ("https://example.com:", "https://example.com/"),
            ("https://example.com:443?a#b", "https://example.com/?a"),
            ("https://example.com:0443/", "https://example.com:0443/"),
            ("wss://Example.com:443/A", "wss://example.com/A"),
            ("ftp://example.com:21", "ftp://example.com"),
            ("ssh://example.com:22/", "ssh://example.com:22/"),
            ("https://[::1]:443/", "https://[::1]/"),
            ("https://[FE80::A]", "https://[fe80::a]/"),
            ("https://[::1", "https://[::1/"),
            ("https://::443", "https://::443/"),
            ("http://a:80:80/", "http://a:80:80/"),
            ("http://", "http:///"),
            ("http:///", "http:///"),
            ("http://?a", "http:///?a"),
            ("http://BÜCHER.example/Ä", "http://bÜcher.example/Ä"),
            ("http://a/b/c/./../../g", "http://a/g"),
            ("http://a/../..", "http://a/"),
            ("http://a/b/..", "http://a/"),
            ("http://a/b/.", "http://a/b/"),
            ("http://a/b//../c", "http://a/b/c"),
            ("http://a/.b/..c/...", "http://a/.b/..c/..."),
            ("http://a/b?c/../d?e=./f", "http://a/b?c/../d?e=./f"),
            ("http://a/%2E%2e/%7Eb", "http://a/%2E%2e/%7Eb"),
            ("file:///a/../b", "file:///b"),
            ("FILE:/a/./b", "file:/a/b"),
            ("file:/a/..//host/b", "file:/.//host/b"),
            ("file:/.//host/b", "file:/.//host/b"),
            ("urn:ISBN:0-395-36341-1#page", "urn:ISBN:0-395-36341-1"),
            ("URN:a/../b", "urn:a/../b"),
            ("mailto:Ada@Example.com", "mailto:Ada@Example.com"),
            ("ab:", "ab:"),
        ] {
            assert_eq!(answer(uri), form, "{uri}");
        }
    }

    #[test]
    fn a_path_is_stored_unchanged() {
        for path in [
            r"C:\Docs\.\a#b",
            "c:/a/../b#c",
            "notes/a #3.md",
            "Re: hello #3",
            "Re:\u{a0}hello #3",
            "//Host/x/../y",
            "a/./b",
            "1st:part#2",
            "ä:b#c",
            ":a#b",
            "?page=2#x",
            " http://Example.com",
        ] {
            assert_eq!(answer(path), path);
            assert!(matches!(checked(path), Ok(Cow::Borrowed(_))), "{path}");
        }
    }

    #[test]
    fn a_source_with_credentials_is_refused_and_not_repeated() {
        for uri in [
            "https://user:hunter2@example.com/a",
            "https://hunter2@example.com",
            "https://user:hunter2\\@example.com/",
            "https:user:hunter2@example.com",
            "HTTPS:///hunter2@example.com/a",
            "http:\\\\hunter2@example.com",
            "  http:user:hunter2@example.com",
            " //hunter2@example.com",
            "//user:hunter2@example.com/a",
            "c://hunter2@example.com",
            "jdbc:postgresql://user:hunter2@example.com/a",
            "https://web.archive.org/web/2020/ftp://user:hunter2@example.com/",
            "https://example.com/?next=https%3A%2F%2Fuser%3Ahunter2%40example.com",
            "https://example.com/?next=%2Flogin%3Ftoken%3Dhunter2",
            "http://a/x:/.//user:hunter2@b",
            "s3://b/k?X-Amz-Signature=hunter2",
            "https://example.com/?a=1&TOKEN=hunter2#x",
            "https://account.blob.core.windows.net/c/f?sv=1&sig=hunter2",
            "https://b.obs.example.com/k?x-obs-security-token=hunter2",
            "https://example.com/?to%6ben=hunter2",
            "https://example.com/?%54oken=hunter2",
            "https://example.com/?user[password]=hunter2",
            "https://example.com/?a;b;client_secret=hunter2",
            "https://example.com/?a?b?pwd=hunter2",
            "https://example.com/a;jsessionid=hunter2",
            "https://example.com/?a=b&amp;token=hunter2",
            "?token=hunter2",
            "notes/a b#access_token=hunter2",
        ] {
            let refusal = checked(uri).unwrap_err();
            assert_eq!(refusal.message, SECRET, "{uri}");
            assert!(!format!("{refusal:?}").contains("hunter2"));
        }
    }

    #[test]
    fn ordinary_sources_pass() {
        for (uri, form) in [
            (
                "https://example.com/a?page=2#token=x",
                "https://example.com/a?page=2",
            ),
            ("https://example.com/#//a:b@c", "https://example.com/"),
        ] {
            assert_eq!(answer(uri), form);
        }
        for uri in [
            "file:///srv/docs/a%20b.html",
            "file:///srv/a@b:c",
            "notes/2026/plan.md",
            "git@example.com:a/b.git",
            "https://example.com/@someone?tokens=3",
            "https://example.com/?page_token=3&key=a&code=b&session_id=c",
            "https://example.com/?q=my:self@home",
            "https://example.com/?password",
            "https://example.com/token=3",
            "Login & Password",
        ] {
            assert_eq!(answer(uri), uri);
        }
    }

    #[test]
    fn the_limit_applies_to_the_argument_and_to_the_form() {
        let long = "source_uri is longer than 2048 characters";
        let host = |length| format!("http://{}", "h".repeat(length));
        assert_eq!(answer(&"é".repeat(2048)), "é".repeat(2048));
        assert_eq!(answer(&"s".repeat(2049)), long);
        assert_eq!(answer(&host(2040)), host(2040) + "/");
        assert_eq!(answer(&host(2041)), long);
        // The limit counts the fragment, although the form has none.
        assert_eq!(answer(&format!("http://h/#{}", "f".repeat(2048))), long);
        assert_eq!(
            answer(&format!("http://h{}", "/.".repeat(1020))),
            "http://h/"
        );
    }

    #[test]
    fn the_first_fault_is_named() {
        for (uri, message) in [
            ("", "source_uri must not be empty"),
            ("a\0", "source_uri contains a NUL character"),
            ("https://a:b@c\n", "source_uri contains a control character"),
            ("a\u{7f}", "source_uri contains a control character"),
        ] {
            assert_eq!(answer(uri), message);
        }
    }

    fn nasty() -> impl Strategy<Value = String> {
        let piece = proptest::sample::select(vec![
            "http", "HTTPS", "file", "urn", "c", ":", "://", "//", "/", ".", "..", "/./", "/../",
            "?", "#", "@", "&", ";", "=", "%", "%3a", "%2F", "%40", "[::1]", "[", "]", ":443",
            ":80", "token", "a", "A", "ü", " ", "\u{a0}", "\\", "-", "_",
        ]);
        proptest::collection::vec(piece, 0..14).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn a_plain_source_is_its_own_form(uri in "https?://[a-z0-9.-]{0,4}/([a-c/._~-]|[A-Z@:?#%;=&])?[a-c/._~-]{0,12}") {
            if is_plain(&uri) {
                prop_assert_eq!(checked_closely(&uri), Ok(Cow::Borrowed(uri.as_str())));
            }
        }

        #[test]
        fn a_form_is_its_own_form(uri in nasty()) {
            if let Ok(form) = checked(&uri) {
                prop_assert_eq!(checked(&form), Ok(Cow::Borrowed(form.as_ref())));
                prop_assert!(!carries_credentials(&form));
            }
        }

        #[test]
        fn a_user_with_a_password_is_never_stored(before in nasty(), user in "[a-z]{1,8}", after in nasty()) {
            let uri = format!("{before}://{user}:hunter2@{after}");
            if let Ok(form) = checked(&uri) {
                prop_assert!(!form.contains("hunter2"), "{}", form);
            }
        }

        #[test]
        fn any_text_is_judged_without_panic(text: String) {
            if let Ok(form) = checked(&text) {
                prop_assert!(form.bytes().all(|byte| !byte.is_ascii_control()));
                prop_assert!(form.chars().count() <= limits::SOURCE_URI_CHARS);
            }
            carries_credentials(&text);
        }
    }
}
