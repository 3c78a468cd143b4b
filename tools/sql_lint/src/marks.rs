//! The part of a hand-written file that `cargo xtask generate` writes: what stands between two marks.

use anyhow::Result;
use local_postgres::advice;

/// The text of a file with a new part between its marks.
pub fn renew(name: &str, text: &str, (begin, end): (&str, &str), part: &str) -> Result<String> {
    let parts = text.split_once(begin).and_then(|(before, rest)| Some((before, rest.split_once(end)?.1)));
    let (before, after) = parts.ok_or_else(|| {
        let todo = format!("put these two lines there:\n{begin}{end}");
        advice(format_args!("{name} has no place for what is generated."), todo)
    })?;
    Ok(format!("{before}{begin}{part}{end}{after}"))
}
