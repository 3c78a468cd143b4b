//! The statements of a SQL file, as far as a rule about migrations has to know them: where each begins and what it
//! says, without comments and bodies of functions. Lexical rules: PostgreSQL's documentation, section 4.1.

/// One statement.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Statement {
    /// The line it begins on, from 1.
    pub line: usize,
    /// Its words in lower case, one blank between them; a dollar-quoted text is `$$`.
    pub text: String,
}

/// What a file holds.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Statements {
    /// The statements in order.
    pub list: Vec<Statement>,
    /// Lines with a backslash outside of any quotes, which only psql understands.
    pub meta_commands: Vec<usize>,
}

impl Statements {
    /// Splits a file.
    pub fn read(text: &str) -> Self {
        let mut reader = Reader {
            rest: text,
            line: 1,
            found: Self::default(),
            statement: None,
        };
        while reader.advance() {}
        reader.end();
        reader.found
    }
}

impl Statement {
    /// The words of the statement.
    pub fn words(&self) -> impl Iterator<Item = &str> {
        self.text.split(' ')
    }
}

struct Reader<'a> {
    rest: &'a str,
    line: usize,
    found: Statements,
    statement: Option<Statement>,
}

impl<'a> Reader<'a> {
    /// Reads one token; false at the end.
    fn advance(&mut self) -> bool {
        let Some(first) = self.rest.chars().next() else {
            return false;
        };
        if self.rest.starts_with("--") {
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(length);
        } else if self.rest.starts_with("/*") {
            let length = comment_length(self.rest);
            self.take(length);
            self.blank();
        } else if let Some(length) = dollar_quoted_length(self.rest) {
            self.say("$$");
            self.take(length);
        } else if matches!(first, '\'' | '"') {
            let has_escapes = first == '\'' && self.follows_escape_mark();
            let length = quoted_length(self.rest, first, has_escapes);
            let quoted = self.take(length).to_lowercase();
            self.say(&quoted);
        } else if first == ';' {
            self.take(1);
            self.end();
        } else if first == '\\' {
            self.found.meta_commands.push(self.line);
            let length = self.rest.find('\n').unwrap_or(self.rest.len());
            self.take(length);
        } else if first.is_whitespace() {
            self.take(first.len_utf8());
            self.blank();
        } else {
            // A word goes on past `$`, which otherwise begins a quote.
            let in_word = |c: char| c.is_alphanumeric() || matches!(c, '_' | '$');
            let length = self.rest.find(|c| !in_word(c)).unwrap_or(self.rest.len());
            let length = if in_word(first) {
                length
            } else {
                first.len_utf8()
            };
            let word = self.rest[..length].to_lowercase();
            self.say(&word);
            self.take(length);
        }
        true
    }

    fn take(&mut self, length: usize) -> &'a str {
        let (taken, rest) = self.rest.split_at(length);
        self.line += taken.matches('\n').count();
        self.rest = rest;
        taken
    }

    fn say(&mut self, text: &str) {
        let line = self.line;
        let statement = self.statement.get_or_insert_with(|| Statement {
            line,
            text: String::new(),
        });
        statement.text.push_str(text);
    }

    fn blank(&mut self) {
        if let Some(statement) = &mut self.statement
            && !statement.text.ends_with(' ')
        {
            statement.text.push(' ');
        }
    }

    fn end(&mut self) {
        if let Some(mut statement) = self.statement.take() {
            statement.text.truncate(statement.text.trim_end().len());
            self.found.list.push(statement);
        }
    }

    /// `e'…'` and `E'…'` know backslashes.
    fn follows_escape_mark(&self) -> bool {
        let text = self.statement.as_ref().map_or("", |said| &said.text);
        let before = text.strip_suffix('e');
        before.is_some_and(|before| !before.ends_with(|c: char| c.is_alphanumeric() || c == '_'))
    }
}

/// Comments between `/*` and `*/` nest.
fn comment_length(text: &str) -> usize {
    let (mut depth, mut at) = (0_usize, 0);
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                break;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// `$$…$$` or `$tag$…$tag$` at the beginning of the text.
fn dollar_quoted_length(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('$')?;
    let tag = &inner[..inner.find('$')?];
    let is_tag = tag.chars().all(|c| c.is_alphanumeric() || c == '_')
        && !tag.starts_with(|c: char| c.is_ascii_digit());
    if !is_tag {
        return None;
    }
    let mark = &text[..tag.len() + 2];
    let body = &text[mark.len()..];
    Some(
        body.find(mark)
            .map_or(text.len(), |end| end + 2 * mark.len()),
    )
}

/// A text or name in quotes; a doubled quote belongs to it.
fn quoted_length(text: &str, quote: char, has_escapes: bool) -> usize {
    let mut characters = text.char_indices().skip(1).peekable();
    while let Some((at, character)) = characters.next() {
        if has_escapes && character == '\\' {
            characters.next();
        } else if character == quote {
            if characters.peek().is_some_and(|(_, next)| *next == quote) {
                characters.next();
            } else {
                return at + 1;
            }
        }
    }
    text.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(file: &str) -> Vec<String> {
        let list = Statements::read(file).list;
        list.into_iter().map(|statement| statement.text).collect()
    }

    #[test]
    fn statements_are_split_outside_of_quotes_bodies_and_comments() {
        let file = "-- one;\nSelect 1; /* two; /* nested; */ */\n\
            create function f()\n  returns text as $f$ select ';'; $f$;\n\
            comment on x is 'it''s; so'; select \"a;b\", e'\\';', $1;\nselect a$b$c;";
        assert_eq!(
            texts(file),
            [
                "select 1",
                "create function f() returns text as $$",
                "comment on x is 'it''s; so'",
                "select \"a;b\", e'\\';', $1",
                "select a$b$c",
            ]
        );
    }

    #[test]
    fn a_statement_knows_its_line() {
        let file = "\n-- a\nselect 1;\n\nselect\n  2;\n";
        let lines: Vec<usize> = Statements::read(file).list.iter().map(|s| s.line).collect();
        assert_eq!(lines, [3, 5]);
    }

    #[test]
    fn a_backslash_outside_of_quotes_is_a_meta_command() {
        let file = "\\set ON_ERROR_STOP on\nselect '\\d', $$ \\d $$; -- \\d\nselect 1 \\gexec\n";
        assert_eq!(Statements::read(file).meta_commands, [1, 3]);
    }

    #[test]
    fn what_is_not_closed_reaches_to_the_end() {
        for file in ["select 'a;", "select $$ a;", "/* a;", "select \"a;"] {
            assert!(texts(file).len() <= 1, "{file}");
        }
    }
}
