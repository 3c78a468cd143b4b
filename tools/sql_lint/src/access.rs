//! Who may do what: the table of `sql/access.tsv`, as docs/people.md shows it. tests/contract/access/matrix.sql tries each cell.

use crate::marks::renew;
use anyhow::{Context, Result, bail};
use local_postgres::advice;
use std::fmt::Write as _;

const BEGIN: &str = "<!-- access: written by `cargo xtask generate` from sql/access.tsv -->\n";
const END: &str = "<!-- end of access -->\n";
/// Neighbours that are one column of the page, which is too narrow for all callers. They get the same of nearly everything.
const TOGETHER: [(&str, &str); 4] =
    [("reader", "writer"), ("admin", "tenant owner"), ("removed", "disabled"), ("link holder", "anon")];

/// docs/people.md with the table. Lines that try the same thing are one row.
pub fn page(text: &str, matrix: &str) -> Result<String> {
    let mut lines = matrix.lines().filter(|line| !line.starts_with('#'));
    let head = cells(lines.next().context("sql/access.tsv is empty")?);
    let columns = head.chunk_by(|one, next| TOGETHER.contains(&(one, next)));
    let widths: Vec<usize> = columns.map(<[&str]>::len).collect();
    let others = widths.len() - 1;
    let mut table = format!("{}|---|{}\n", row_of(&head, &widths), ":-:|".repeat(others));
    let mut last = Vec::new();
    for line in lines {
        let row = cells(line);
        if !line.contains('\t') {
            let _ = writeln!(table, "| **{line}** |{}", " |".repeat(others));
        } else if row.len() != head.len() {
            bail!(advice(format_args!("sql/access.tsv: {line}"), "give each caller of the first line a cell."));
        } else if row.first() != last.first() {
            table.push_str(&row_of(&row, &widths));
        } else if row != last {
            bail!(advice(
                format_args!("sql/access.tsv: {line}"),
                "the line before tries the same and has other cells: name them apart."
            ));
        }
        last = row;
    }
    renew("docs/people.md", text, (BEGIN, END), &table)
}

/// A row of the page. Callers of one column who get the same have one cell, the others are told apart by a slash.
fn row_of(cells: &[&str], widths: &[usize]) -> String {
    let mut rest = cells;
    let mut row = "|".to_owned();
    for width in widths {
        let (column, after) = rest.split_at(*width);
        let mut shown: Vec<&str> = column.iter().map(|cell| symbol(cell)).collect();
        if shown.iter().all(|cell| Some(cell) == shown.first()) {
            shown.truncate(1);
        }
        let _ = write!(row, " {} |", shown.join(" / "));
        rest = after;
    }
    row + "\n"
}

/// What is tried and what each caller gets. The statement behind them is for the test.
fn cells(line: &str) -> Vec<&str> {
    line.rsplit_once('\t').map_or(line, |(cells, _)| cells).split('\t').collect()
}

fn symbol(cell: &str) -> &str {
    match cell {
        "yes" => "✓",
        "none" => "–",
        other => other,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HEAD: &str = "# A comment.\nTried\towner\tanon\tstatement\n";

    fn written(lines: &str) -> Result<String> {
        page(&format!("a\n{BEGIN}old\n{END}b\n"), &format!("{HEAD}{lines}"))
    }

    #[test]
    fn lines_of_one_thing_are_one_row() {
        let text =
            written("Chats\nSee\tyes\t42501\tselect 1\nSee\tyes\t42501\tselect 2\nFind\tnone\t42501\tselect 3\n")
                .unwrap();
        let table =
            "| Tried | owner | anon |\n|---|:-:|:-:|\n| **Chats** | | |\n| See | ✓ | 42501 |\n| Find | – | 42501 |\n";
        assert_eq!(text, format!("a\n{BEGIN}{table}{END}b\n"));
    }

    #[test]
    fn callers_of_one_column_are_told_apart_where_they_differ() {
        let matrix = "Tried\tremoved\tdisabled\tstatement\nSee\tnone\tnone\tselect 1\nUse\tyes\tnone\tselect 2\n";
        let text = page(&format!("{BEGIN}{END}"), matrix).unwrap();
        assert!(text.contains("| Tried | removed / disabled |\n|---|:-:|\n| See | – |\n| Use | ✓ / – |\n"), "{text}");
    }

    #[test]
    fn a_line_without_a_cell_for_each_actor_is_told() {
        let told = written("See\tyes\tselect 1\n").unwrap_err().to_string();
        assert!(told.contains("give each caller"), "{told}");
    }

    #[test]
    fn one_thing_with_two_outcomes_is_told() {
        let told = written("See\tyes\tnone\tselect 1\nSee\tyes\tyes\tselect 2\n").unwrap_err().to_string();
        assert!(told.contains("name them apart"), "{told}");
    }
}
