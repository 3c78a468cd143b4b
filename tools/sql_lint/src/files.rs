//! What the SQL files have to keep to, by their text alone.

use crate::schemas::{exposed_schemas, schema_files};
use anyhow::{Context, Result};
use fs_err as fs;
use local_postgres::{MIGRATIONS, Workspace, advice, sql_files};
use sqlparser::dialect::PostgreSqlDialect;
use sqlparser::tokenizer::{Token, TokenWithSpan, Tokenizer};
use std::path::Path;

/// The files of sql/supabase/schemas that raise an error themselves. The others call `chatkeep_private.refuse`, so that every
/// refusal has a code, a message and a hint.
const RAISING: [&str; 3] = [
    "foundation/refuse.sql",
    // Before the first function.
    "foundation/database.sql",
    // PostgreSQL's own error, as the native engine's statement raises it.
    "chats/next_time.sql",
];
/// What PostgREST keeps in its schema cache.
const CACHED: [&str; 3] = ["function", "table", "view"];
/// The files that repeat the version of Cargo.toml, which is also that of this crate, and how they write it.
const VERSIONS: [(&str, &str); 2] = [
    ("sql/supabase/schemas/foundation/engine.sql", concat!("'portable', '", env!("CARGO_PKG_VERSION"), "'")),
    ("edge/js/package.json", concat!("\"version\": \"", env!("CARGO_PKG_VERSION"), "\"")),
];
const ALONE: &str = "this cannot run inside a transaction";
const RELOAD: &str = "notify pgrst, 'reload schema'";

/// Checks all of them, and names each complaint's file and line.
pub fn check(workspace: &Workspace) -> Result<()> {
    let migrations = sql_files(&workspace.root.join(MIGRATIONS))?;
    let mut files = migrations.clone();
    for folder in ["platform", "platform/default_privileges", "engines"] {
        files.extend(sql_files(&workspace.root.join("sql").join(folder))?);
    }
    let mut complaints: Vec<String> = migrations.iter().filter_map(|path| bad_name(path)).collect();
    let supabase = workspace.root.join("sql/supabase");
    let exposed = exposed_schemas(&supabase)?;
    let mut reloads = Vec::new();
    for file in &files {
        let text = fs::read_to_string(file)?;
        let mut found = bad_lines(&text);
        if migrations.contains(file) {
            let statements = Statements::read(&text).with_context(|| file.display().to_string())?;
            found.extend(bad_statements(&statements));
            reloads.push(Reload {
                migration: file_name(file),
                changes: changes_the_api(&statements, &exposed),
                ends_with_it: statements.list.last().is_some_and(|last| last.text == RELOAD),
            });
        }
        complaints.extend(located(workspace, file, &found));
    }
    complaints.extend(missing_reload(&reloads));
    for file in schema_files(&supabase)? {
        if !RAISING.iter().any(|name| file.ends_with(name)) {
            complaints.extend(located(workspace, &file, &bad_raises(&fs::read_to_string(&file)?)));
        }
    }
    for (name, version) in VERSIONS {
        if !fs::read_to_string(workspace.root.join(name))?.contains(version) {
            complaints.push(format!("{name}: write {version} there, the version of Cargo.toml"));
        }
    }
    if complaints.is_empty() { Ok(()) } else { Err(advice(complaints.join("\n"), "correct these lines.")) }
}

/// One statement of a file, as far as a rule has to know it.
struct Statement {
    /// The line it begins on, from 1.
    line: u64,
    /// Its words in lower case, one blank between them; a dollar-quoted text is `$$`.
    text: String,
}

#[derive(Default)]
struct Statements {
    list: Vec<Statement>,
    /// Lines with a backslash outside of any quotes, which only psql understands.
    meta_commands: Vec<u64>,
}

impl Statements {
    fn read(text: &str) -> Result<Self> {
        let mut found = Self::default();
        let mut open: Option<Statement> = None;
        for TokenWithSpan { token, span } in Tokenizer::new(&PostgreSqlDialect {}, text).tokenize_with_location()? {
            let line = span.start.line;
            let word = match token {
                Token::SemiColon => {
                    found.list.extend(open.take());
                    continue;
                }
                Token::Backslash => {
                    found.meta_commands.push(line);
                    continue;
                }
                Token::Whitespace(_) => " ".to_owned(),
                Token::DollarQuotedString(_) => "$$".to_owned(),
                // What follows a backslash on its line is psql's.
                _ if found.meta_commands.last() == Some(&line) => continue,
                token => token.to_string().to_lowercase(),
            };
            match &mut open {
                Some(statement) if word != " " || !statement.text.ends_with(' ') => statement.text.push_str(&word),
                None if word != " " => open = Some(Statement { line, text: word }),
                _ => {}
            }
        }
        found.list.extend(open);
        found.list.iter_mut().for_each(|statement| statement.text.truncate(statement.text.trim_end().len()));
        Ok(found)
    }
}

fn located(workspace: &Workspace, file: &Path, found: &[String]) -> Vec<String> {
    let name = file.strip_prefix(&workspace.root).unwrap_or(file).display();
    found.iter().map(|what| format!("{name}:{what}")).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name().unwrap_or_default().to_string_lossy().into_owned()
}

/// The CLI applies only files that are called so, and silently leaves out the others.
fn bad_name(path: &Path) -> Option<String> {
    let name = file_name(path);
    let (digits, rest) = name.split_once('_').unwrap_or((&name, ""));
    let is_stamp = digits.len() == 14 && digits.bytes().all(|byte| byte.is_ascii_digit());
    let plain = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '_' || c == '.';
    let is_good = is_stamp && rest.len() > ".sql".len() && rest.chars().all(plain);
    (!is_good).then(|| format!("{name}: a migration is called YYYYMMDDHHMMSS_snake_case.sql"))
}

fn bad_lines(text: &str) -> Vec<String> {
    let complaint = |line: &str| {
        let code = line.split("--").next().unwrap_or_default().to_ascii_lowercase();
        if line.contains('\t') {
            Some("a tab")
        } else if line.ends_with(' ') {
            Some("a blank at the end of the line")
        } else if code.contains("security definer") {
            Some("every function is security invoker, so that row level security stays in force")
        } else {
            None
        }
    };
    { text.lines().enumerate() }
        .filter_map(|(index, line)| Some(format!("{}: {}", index + 1, complaint(line)?)))
        .collect()
}

fn bad_raises(text: &str) -> Vec<String> {
    let raises = text.lines().enumerate().filter(|(_, line)| line.trim_start().starts_with("raise "));
    raises.map(|(index, _)| format!("{}: call chatkeep_private.refuse instead of raise", index + 1)).collect()
}

/// A migration is sent as one batch, in a transaction that the CLI begins and ends.
fn bad_statements(statements: &Statements) -> Vec<String> {
    let for_psql = "psql alone understands meta-commands, and `db push` is not psql";
    let mut complaints: Vec<String> =
        statements.meta_commands.iter().map(|line| format!("{line}: {for_psql}")).collect();
    for statement in &statements.list {
        let words: Vec<&str> = statement.text.split(' ').collect();
        let complaint = match words.as_slice() {
            ["begin" | "commit" | "rollback" | "end" | "abort" | "savepoint" | "release", ..]
            | ["start" | "prepare", "transaction", ..] => {
                "the transaction is `db push`'s: a migration neither begins nor ends one"
            }
            ["create" | "drop" | "reindex", ..] if words.contains(&"concurrently") => ALONE,
            ["create" | "drop", "database", ..] | ["alter", "system", ..] | ["vacuum", ..] => ALONE,
            _ => continue,
        };
        complaints.push(format!("{}: {complaint}", statement.line));
    }
    complaints
}

/// Whether a migration changes what PostgREST answers from its schema cache.
fn changes_the_api(statements: &Statements, exposed: &[String]) -> bool {
    // `create or replace function`, `create unlogged table`, `drop view if exists`.
    let before_kind = ["create", "drop", "alter", "or", "replace", "unlogged"];
    let before_name = ["if", "not", "exists", "only"];
    statements.list.iter().any(|statement| {
        let mut words = statement.text.split(' ').skip_while(|word| before_kind.contains(word));
        matches!(statement.text.split(' ').next(), Some("create" | "drop" | "alter"))
            && words.next().is_some_and(|kind| CACHED.contains(&kind))
            && words
                .find(|word| !before_name.contains(word))
                .and_then(|name| name.split_once('.'))
                .is_some_and(|(schema, _)| exposed.iter().any(|name| name == schema))
    })
}

struct Reload {
    migration: String,
    changes: bool,
    ends_with_it: bool,
}

/// All pending migrations are applied at once, so the last word of the last one that changes something will do.
fn missing_reload(migrations: &[Reload]) -> Option<String> {
    let after_change = migrations.get(migrations.iter().rposition(|migration| migration.changes)?..)?;
    let is_told = after_change.iter().any(|one| one.ends_with_it);
    let name = &after_change.first()?.migration;
    let what = "PostgREST would go on answering from its old schema cache: end it, or a later migration, with";
    (!is_told).then(|| format!("{name}: {what} `{RELOAD};`"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_error_is_raised_by_refuse_alone() {
        let found = bad_raises("begin\n  raise sqlstate '42501';\n  -- raise it later\n");
        assert_eq!(found, ["2: call chatkeep_private.refuse instead of raise"]);
        assert!(bad_raises("perform chatkeep_private.refuse('42501', 'no', 'Ask.');\n").is_empty());
    }

    #[test]
    fn migrations_are_called_as_the_cli_expects() {
        assert!(bad_name(Path::new("20261123100000_schema.sql")).is_none());
        for name in ["20261123100000_Schema.sql", "2026_schema.sql", "20261123100000_.sql", "schema.sql"] {
            assert!(bad_name(Path::new(name)).is_some(), "{name}");
        }
    }

    fn numbers(found: &[String]) -> Vec<&str> {
        found.iter().filter_map(|line| line.split(':').next()).collect()
    }

    #[test]
    fn statements_are_split_outside_of_quotes_bodies_and_comments() {
        let file = "-- one;\nSelect 1; /* two; /* nested; */ */\ncreate function f()\n  returns text as $f$ select ';'; $f$;\n\
            comment on x is 'it''s; so'; select \"a;b\", e'\\';', $1;\n";
        let list = Statements::read(file).unwrap().list;
        let found: Vec<(u64, &str)> = list.iter().map(|statement| (statement.line, statement.text.as_str())).collect();
        assert_eq!(found[0], (2, "select 1"));
        assert_eq!(found[1], (3, "create function f() returns text as $$"));
        assert_eq!(found[2], (5, "comment on x is 'it's; so'"));
        assert_eq!(found.len(), 4, "{found:?}");
    }

    #[test]
    fn tabs_blanks_and_definer_functions_are_found_by_line() {
        let found = bad_lines("select 1;\n\tselect 2;\nselect 3; \nSecurity Definer\n-- security definer");
        assert_eq!(numbers(&found), ["2", "3", "4"]);
    }

    #[test]
    fn what_a_migration_may_not_say_is_found_by_line() {
        for (bad, good) in [
            ("BEGIN;", "do $$ begin null; end $$;"),
            ("commit;", "comment on table t is 'commit;';"),
            ("end;", "-- end;"),
            ("start transaction;", "select 'start transaction';"),
            ("rollback;", "create table rollback_notes ();"),
            ("create index concurrently i on t (a);", "create index i on t (a);"),
            ("Create Unique\nIndex Concurrently i on t (a);", "create unique index i on t (a);"),
            ("reindex table concurrently t;", "reindex table t;"),
            ("vacuum t;", "analyze t;"),
            ("\\set a 1", "select '\\set', $$ \\d $$; -- \\d"),
            ("\\ir other.sql", "/* \\ir other.sql */"),
        ] {
            let found = |text: &str| bad_statements(&Statements::read(&format!("select 1;\n{text}")).unwrap());
            assert_eq!(numbers(&found(bad)), ["2"], "{bad}");
            assert_eq!(found(good), [""; 0], "{good}");
        }
    }

    #[test]
    fn a_change_of_the_api_is_one_of_an_exposed_function_table_or_view() {
        for (statement, expected) in [
            ("create or replace function chatkeep.f() returns int as $$ $$;", true),
            ("drop function if exists chatkeep.f();", true),
            ("create table if not exists chatkeep.t (id int);", true),
            ("alter table only chatkeep.t add a int;", true),
            ("create view chatkeep.v as select 1;", true),
            ("create function chatkeep_private.f() returns int as $$ $$;", false),
            ("create index i on chatkeep.t (id);", false),
            ("comment on function chatkeep.f() is 'create function chatkeep.f()';", false),
        ] {
            let found = changes_the_api(&Statements::read(statement).unwrap(), &["chatkeep".to_owned()]);
            assert_eq!(found, expected, "{statement}");
        }
    }

    #[test]
    fn the_schema_cache_is_reloaded_by_the_last_change_or_after_it() {
        for (migrations, complaint) in [
            (&[(true, false), (true, true)][..], None),
            (&[(true, false), (false, true)], None),
            (&[(true, true), (true, false)], Some("1")),
            (&[(true, true), (true, false), (false, false)], Some("1")),
            (&[(false, false)], None),
        ] {
            let one = |(number, (changes, ends_with_it)): (usize, &(bool, bool))| Reload {
                migration: number.to_string(),
                changes: *changes,
                ends_with_it: *ends_with_it,
            };
            let found = missing_reload(&migrations.iter().enumerate().map(one).collect::<Vec<_>>());
            assert_eq!(found.as_deref().and_then(|text| text.split(':').next()), complaint, "{migrations:?}");
        }
    }
}
