//! What the supabase CLI prints of a database: the findings of `db advisors`, which is Splinter, the lints of Supabase's
//! dashboard, and the issues of `db lint`. Warnings and errors are complaints; a mere hint of the advisors is one unless
//! `sql/advisors.tsv` lists it with a reason.

use anyhow::{Context, Result, bail};
use local_postgres::advice;
use serde::{Deserialize, de::DeserializeOwned};

#[derive(Deserialize)]
struct Printed<T> {
    results: Vec<T>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Finding {
    level: String,
    cache_key: String,
    detail: String,
}

#[derive(Deserialize)]
struct Function {
    function: String,
    #[serde(default)]
    issues: Vec<Issue>,
}

#[derive(Deserialize)]
struct Issue {
    level: String,
    message: String,
    #[serde(default)]
    statement: Statement,
}

#[derive(Deserialize, Default)]
#[serde(rename_all = "camelCase", default)]
struct Statement {
    line_number: String,
}

/// What is wrong with the findings of the advisors, and with the list of hints that are meant. A key of the list that ends
/// in `*` stands for all that begin so, and may stand for none: whether an index of a new database has been used yet
/// depends on what was run before.
pub fn advisors(printed: &str, list: &str) -> Result<Vec<String>> {
    let mut listed = Vec::new();
    for line in list.lines().filter(|line| !line.is_empty() && !line.starts_with('#')) {
        match line.split_once('\t') {
            Some((key, reason)) if !key.is_empty() && !reason.trim().is_empty() => listed.push((key, reason, false)),
            _ => bail!(advice(
                format_args!("sql/advisors.tsv: `{line}` has no reason."),
                "write the finding's cache_key, a tab, and the reason.",
            )),
        }
    }
    let mut complaints = Vec::new();
    for Finding { level, cache_key, detail } in results(printed)? {
        let covers = |key: &str| key.strip_suffix('*').map_or(key == cache_key, |front| cache_key.starts_with(front));
        match listed.iter_mut().find(|(key, ..)| covers(key)) {
            Some((.., is_found)) if level == "INFO" => *is_found = true,
            _ => complaints.push(format!("{level} {cache_key}: {detail}")),
        }
    }
    for (key, reason, _) in listed.iter().filter(|(key, _, is_found)| !is_found && !key.ends_with('*')) {
        complaints.push(format!("{key} ({reason}) is found no more: take it from sql/advisors.tsv"));
    }
    Ok(complaints)
}

/// One complaint for each issue that `db lint` has found.
pub fn lint(printed: &str) -> Result<Vec<String>> {
    let mut complaints = Vec::new();
    for Function { function, issues } in results(printed)? {
        for Issue { level, message, statement: Statement { line_number } } in issues {
            let place = if line_number.is_empty() { line_number } else { format!(" (line {line_number})") };
            complaints.push(format!("{function}: {level}: {message}{place}"));
        }
    }
    Ok(complaints)
}

fn results<T: DeserializeOwned>(printed: &str) -> Result<Vec<T>> {
    let read: Printed<T> = serde_json::from_str(printed)
        .with_context(|| format!("The supabase CLI did not print its results: {}", printed.trim()))?;
    Ok(read.results)
}

#[cfg(test)]
mod tests {
    use super::*;

    const LIST: &str = "# why\nunused_index_*\ta new database\nno_primary_key_a\tby design\n";

    fn found(findings: &[(&str, &str)]) -> Vec<String> {
        let one = |(level, key)| format!(r#"{{"level":"{level}","cacheKey":"{key}","detail":"d"}}"#);
        let findings: Vec<String> = findings.iter().copied().map(one).collect();
        advisors(&format!("{{\"results\":[{}]}}", findings.join(",")), LIST).unwrap()
    }

    #[test]
    fn hints_that_are_listed_may_be_found_and_nothing_else() {
        let listed = ("INFO", "no_primary_key_a");
        assert_eq!(found(&[listed, ("INFO", "unused_index_a_b")]), [""; 0]);
        assert_eq!(found(&[listed, ("INFO", "duplicate_index_a")]), ["INFO duplicate_index_a: d"]);
        assert!(found(&[("WARN", "no_primary_key_a")])[0].starts_with("WARN no_primary_key_a"));
        assert!(found(&[])[0].starts_with("no_primary_key_a (by design)"));
        assert!(advisors("{\"results\":[]}", "no_primary_key_a\n").is_err());
        assert!(advisors("connection refused", "").is_err());
    }

    #[test]
    fn issues_are_named_by_function_and_line() {
        let printed = r#"{"results":[{"function":"chatkeep.f","issues":[
            {"level":"error","message":"no","statement":{"lineNumber":"3","text":"SQL statement"}},
            {"level":"warning extra","message":"unused variable \"a\""}]}]}"#;
        let expected = ["chatkeep.f: error: no (line 3)", "chatkeep.f: warning extra: unused variable \"a\""];
        assert_eq!(lint(printed).unwrap(), expected);
        assert!(lint(r#"{"results":[]}"#).unwrap().is_empty());
        assert!(lint("").is_err() && lint(r#"{"error":"no"}"#).is_err());
    }
}
