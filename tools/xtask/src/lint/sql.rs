//! What the SQL files have to keep to, by their text alone.

use crate::database::sql_files;
use crate::failure::{AtPath, Failure, Result};
use crate::lint::statements::Statements;
use crate::places::Places;
use std::fs;
use std::path::{Path, PathBuf};

/// What PostgREST keeps in its schema cache.
const CACHED: [&str; 3] = ["function", "table", "view"];
const ALONE: &str = "this cannot run inside a transaction";
const RELOAD: &str = "notify pgrst, 'reload schema'";

/// Checks all of them, and names each complaint's file and line.
pub fn check(places: &Places) -> Result<()> {
    let folder = places.root.join("sql");
    let migrations = sql_files(&folder.join("supabase").join("migrations"))?;
    let mut files: Vec<PathBuf> = migrations.clone();
    for part in ["platform", "platform/default_privileges", "engines"] {
        files.extend(sql_files(&folder.join(part))?);
    }
    let mut complaints: Vec<String> = migrations
        .iter()
        .filter_map(|path| bad_name(path))
        .collect();
    for file in &files {
        let found = bad_lines(&fs::read_to_string(file).at("read", file)?);
        complaints.extend(located(places, file, &found));
    }
    let exposed = exposed_schemas(places)?;
    let mut reloads = Vec::new();
    for file in &migrations {
        let statements = Statements::read(&fs::read_to_string(file).at("read", file)?);
        complaints.extend(located(places, file, &bad_statements(&statements)));
        reloads.push(Reload {
            migration: file_name(file),
            changes: changes_the_api(&statements, &exposed),
            ends_with_it: statements
                .list
                .last()
                .is_some_and(|last| last.text == RELOAD),
        });
    }
    complaints.extend(missing_reload(&reloads));
    if complaints.is_empty() {
        Ok(())
    } else {
        Err(Failure::new(complaints.join("\n")).advise("correct these lines."))
    }
}

fn located(places: &Places, file: &Path, found: &[String]) -> Vec<String> {
    let name = file.strip_prefix(&places.root).unwrap_or(file).display();
    found.iter().map(|what| format!("{name}:{what}")).collect()
}

fn file_name(path: &Path) -> String {
    path.file_name()
        .unwrap_or_default()
        .to_string_lossy()
        .into_owned()
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
    let mut complaints = Vec::new();
    for (index, line) in text.lines().enumerate() {
        let code = line
            .split("--")
            .next()
            .unwrap_or_default()
            .to_ascii_lowercase();
        let complaint = if line.contains('\t') {
            "a tab"
        } else if line.ends_with(' ') {
            "a blank at the end of the line"
        } else if code.contains("security definer") {
            "every function is security invoker, so that row level security stays in force"
        } else {
            continue;
        };
        complaints.push(format!("{}: {complaint}", index + 1));
    }
    complaints
}

/// A migration is sent as one batch, in a transaction that the CLI begins and ends.
fn bad_statements(statements: &Statements) -> Vec<String> {
    let mut complaints: Vec<String> = statements
        .meta_commands
        .iter()
        .map(|line| {
            format!("{line}: psql alone understands meta-commands, and `db push` is not psql")
        })
        .collect();
    for statement in &statements.list {
        let words: Vec<&str> = statement.words().collect();
        let complaint = match words.as_slice() {
            [
                "begin" | "commit" | "rollback" | "end" | "abort" | "savepoint" | "release",
                ..,
            ]
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

/// The schemas of `[api]` in the CLI's configuration.
pub fn exposed_schemas(places: &Places) -> Result<Vec<String>> {
    let config = places.root.join("sql/supabase/config.toml");
    let text = fs::read_to_string(&config).at("read", &config)?;
    read_schemas(&text).ok_or_else(|| {
        Failure::new(format!(
            "{} has no line `schemas = [\"…\"]` under [api].",
            config.display()
        ))
    })
}

fn read_schemas(config: &str) -> Option<Vec<String>> {
    let api = config.split("\n[").find(|part| part.starts_with("api]"))?;
    let line = api
        .lines()
        .find_map(|line| line.strip_prefix("schemas"))?
        .trim_start()
        .strip_prefix('=')?;
    let names: Option<Vec<String>> = serde_json::from_str(line.trim()).ok();
    names.filter(|names| !names.is_empty())
}

/// Whether a migration changes what PostgREST answers from its schema cache.
fn changes_the_api(statements: &Statements, exposed: &[String]) -> bool {
    statements.list.iter().any(|statement| {
        let mut words = statement.words().skip_while(|word| {
            // `create or replace function`, `create unlogged table`, `drop view if exists`.
            matches!(
                *word,
                "create" | "drop" | "alter" | "or" | "replace" | "unlogged"
            )
        });
        let begins = statement.words().next();
        matches!(begins, Some("create" | "drop" | "alter"))
            && words.next().is_some_and(|kind| CACHED.contains(&kind))
            && words
                .find(|word| !matches!(*word, "if" | "not" | "exists" | "only"))
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
    let last = migrations.iter().rposition(|migration| migration.changes)?;
    let told = migrations.iter().skip(last).any(|one| one.ends_with_it);
    (!told).then(|| {
        format!(
            "{}: PostgREST would go on answering from its old schema cache: end it, or a later migration, with `{RELOAD};`",
            migrations.get(last).map_or("", |one| one.migration.as_str())
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn migrations_are_called_as_the_cli_expects() {
        for (name, is_good) in [
            ("20261123100000_schema.sql", true),
            ("20261123100000_Schema.sql", false),
            ("2026_schema.sql", false),
            ("20261123100000_.sql", false),
            ("schema.sql", false),
        ] {
            assert_eq!(bad_name(Path::new(name)).is_none(), is_good, "{name}");
        }
    }

    fn numbers(found: &[String]) -> Vec<&str> {
        found
            .iter()
            .filter_map(|line| line.split(':').next())
            .collect()
    }

    #[test]
    fn tabs_blanks_and_definer_functions_are_found_by_line() {
        let found =
            bad_lines("select 1;\n\tselect 2;\nselect 3; \nSecurity Definer\n-- security definer");
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
            (
                "create index concurrently i on t (a);",
                "create index i on t (a);",
            ),
            (
                "Create Unique\nIndex Concurrently i on t (a);",
                "create unique index i on t (a);",
            ),
            ("drop index concurrently i;", "drop index i;"),
            ("reindex table concurrently t;", "reindex table t;"),
            ("vacuum t;", "analyze t;"),
            ("\\set a 1", "select '\\set';"),
            ("\\ir other.sql", "/* \\ir other.sql */"),
        ] {
            let found =
                |text: &str| bad_statements(&Statements::read(&format!("select 1;\n{text}")));
            assert_eq!(numbers(&found(bad)), ["2"], "{bad}");
            assert_eq!(found(good), Vec::<String>::new(), "{good}");
        }
    }

    #[test]
    fn exposed_schemas_are_those_of_the_api() {
        let config = "project_id = \"a\"\n\n[api]\nenabled = true\nschemas = [\"public\", \"chatkeep\"]\n\n[db]\n";
        assert_eq!(read_schemas(config).unwrap(), ["public", "chatkeep"]);
        assert_eq!(read_schemas("[db]\nschemas = [\"a\"]\n"), None);
        assert_eq!(read_schemas("\n[api]\nschemas = []\n"), None);
    }

    #[test]
    fn a_change_of_the_api_is_one_of_an_exposed_function_table_or_view() {
        let exposed = ["chatkeep".to_owned()];
        for (statement, expected) in [
            (
                "create function chatkeep.f() returns int language sql as $$ select 1 $$;",
                true,
            ),
            (
                "create or replace function chatkeep.f() returns int as $$ $$;",
                true,
            ),
            ("drop function if exists chatkeep.f();", true),
            ("create table if not exists chatkeep.t (id int);", true),
            ("alter table only chatkeep.t add a int;", true),
            ("create view chatkeep.v as select 1;", true),
            (
                "create function chatkeep_private.f() returns int as $$ $$;",
                false,
            ),
            ("create index i on chatkeep.t (id);", false),
            (
                "comment on function chatkeep.f() is 'create function chatkeep.f()';",
                false,
            ),
        ] {
            let found = changes_the_api(&Statements::read(statement), &exposed);
            assert_eq!(found, expected, "{statement}");
        }
    }

    #[test]
    fn the_schema_cache_is_reloaded_by_the_last_change_or_after_it() {
        let list = |migrations: &[(bool, bool)]| -> Vec<Reload> {
            let numbered = migrations.iter().enumerate();
            numbered
                .map(|(number, (changes, ends_with_it))| Reload {
                    migration: number.to_string(),
                    changes: *changes,
                    ends_with_it: *ends_with_it,
                })
                .collect()
        };
        for (migrations, complaint) in [
            (&[(true, false), (true, true)][..], None),
            (&[(true, false), (false, true)], None),
            (&[(true, true), (true, false)], Some("1")),
            (&[(true, true), (true, false), (false, false)], Some("1")),
            (&[(false, false)], None),
        ] {
            let found = missing_reload(&list(migrations));
            let named = found.as_deref().and_then(|text| text.split(':').next());
            assert_eq!(named, complaint, "{migrations:?}");
        }
    }
}
