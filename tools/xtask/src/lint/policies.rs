//! Whether each policy asks its questions once per statement: every call that does not depend on the row stands in a
//! subquery of its own, `(select auth.uid())`, which the planner runs first and once. Splinter's lint 0003 looks for
//! the words `select auth.uid()` and so misses a policy that says it once with and once without; this reads the
//! expressions as the server has parsed them.

use crate::failure::{Failure, Result};
use std::collections::BTreeMap;

/// Calls that stand bare, each with its reason.
const ALLOWED: [(&str, &str); 1] = [(
    "chatkeep_private.in_call",
    "asked of deleted rows alone; a subquery of its own in every statement would cost more than it saves",
)];

/// What `policies.sql` says of one function.
struct Function<'a> {
    name: &'a str,
    is_immutable: bool,
}

/// Complaints about the lines that `policies.sql` prints.
pub fn complaints(facts: &str) -> Result<Vec<String>> {
    let mut functions = BTreeMap::new();
    let mut policies = Vec::new();
    for line in facts.lines() {
        let fields: Vec<&str> = line.splitn(4, '\t').collect();
        match fields.as_slice() {
            ["function", oid, name, volatility] => {
                let is_immutable = *volatility == "i";
                functions.insert(*oid, Function { name, is_immutable });
            }
            ["policy", name, part, tree] => policies.push((*name, *part, *tree)),
            _ => return Err(Failure::new(format!("policies.sql printed `{line}`."))),
        }
    }
    if policies.is_empty() {
        return Err(Failure::new("There is no policy to look at."));
    }
    let mut complaints = Vec::new();
    let mut used = vec![false; ALLOWED.len()];
    for (name, part, tree) in policies {
        let tree = Node::read(tree)
            .ok_or_else(|| Failure::new(format!("The {part} of {name} could not be read.")))?;
        let mut bare = Vec::new();
        bare_calls(&tree, &mut bare);
        for oid in bare {
            let function = functions.get(oid.as_str()).ok_or_else(|| {
                Failure::new(format!("{name} calls function {oid}, which nobody knows."))
            })?;
            if function.is_immutable {
                continue;
            }
            let called = function.name;
            if let Some(index) = ALLOWED.iter().position(|(allowed, _)| *allowed == called) {
                used[index] = true;
                continue;
            }
            complaints.push(format!(
                "policy {name}: {part} calls {called}() for every row: write (select {called}(...))"
            ));
        }
    }
    for ((name, why), used) in ALLOWED.iter().zip(used) {
        if !used {
            complaints.push(format!(
                "no policy calls {name}() bare any more ({why}): take it from the list in policies.rs"
            ));
        }
    }
    Ok(complaints)
}

/// One piece of what PostgreSQL prints of an expression (`nodeToString`).
#[derive(Debug, PartialEq, Eq)]
enum Node {
    /// `{FUNCEXPR :funcid 1 …}`: its name, and its fields in order.
    Struct(String, Vec<(String, Vec<Node>)>),
    List(Vec<Node>),
    Word(String),
}

impl Node {
    fn read(text: &str) -> Option<Self> {
        let tokens = tokens(text);
        let mut rest = tokens.as_slice();
        let node = Self::next(&mut rest)?;
        rest.is_empty().then_some(node)
    }

    fn next(rest: &mut &[String]) -> Option<Self> {
        let (first, after) = rest.split_first()?;
        *rest = after;
        match first.as_str() {
            "{" => {
                let (name, after) = rest.split_first()?;
                *rest = after;
                let mut fields: Vec<(String, Vec<Node>)> = Vec::new();
                while rest.first()? != "}" {
                    // A value of several words, as `:constvalue 1 [ 0 ]`, belongs to the field before it.
                    if let Some(field) = rest.first()?.strip_prefix(':') {
                        fields.push((field.to_owned(), Vec::new()));
                        *rest = rest.get(1..)?;
                    } else {
                        let value = Self::next(rest)?;
                        fields.last_mut()?.1.push(value);
                    }
                }
                *rest = rest.get(1..)?;
                Some(Self::Struct(name.clone(), fields))
            }
            "(" => {
                let mut items = Vec::new();
                while rest.first()? != ")" {
                    items.push(Self::next(rest)?);
                }
                *rest = rest.get(1..)?;
                Some(Self::List(items))
            }
            "}" | ")" => None,
            word => Some(Self::Word(word.to_owned())),
        }
    }

    fn field(&self, wanted: &str) -> &[Node] {
        match self {
            Self::Struct(_, fields) => fields
                .iter()
                .find(|(name, _)| name == wanted)
                .map_or(&[], |(_, values)| values.as_slice()),
            _ => &[],
        }
    }

    fn word(&self, wanted: &str) -> &str {
        match self.field(wanted) {
            [Self::Word(word)] => word,
            _ => "",
        }
    }

    fn children(&self) -> Vec<&Node> {
        match self {
            Self::Struct(_, fields) => fields.iter().flat_map(|(_, values)| values).collect(),
            Self::List(items) => items.iter().collect(),
            Self::Word(_) => vec![],
        }
    }

    fn is(&self, wanted: &str) -> bool {
        matches!(self, Self::Struct(name, _) if name == wanted)
    }

    fn any(&self, holds: &dyn Fn(&Node) -> bool) -> bool {
        holds(self) || self.children().into_iter().any(|child| child.any(holds))
    }
}

/// Oids of the functions that are called without a column among their arguments and outside of `(select …)`.
fn bare_calls(node: &Node, found: &mut Vec<String>) {
    if node.is("SUBLINK") && node.field("subselect").iter().all(runs_once) {
        // What is compared with the subquery's answer is asked for every row.
        node.field("testexpr")
            .iter()
            .for_each(|child| bare_calls(child, found));
        return;
    }
    if node.is("FUNCEXPR") && !node.any(&|inner| inner.is("VAR")) {
        found.push(node.word("funcid").to_owned());
    }
    node.children()
        .into_iter()
        .for_each(|child| bare_calls(child, found));
}

/// A subquery that reads no table and no column of the row: the planner makes an InitPlan of it.
fn runs_once(query: &Node) -> bool {
    let reads_nothing = matches!(query.field("rtable"), [Node::Word(word)] if word == "<>");
    let depends = query.any(&|inner| inner.is("VAR") && inner.word("varlevelsup") != "0");
    query.is("QUERY") && reads_nothing && !depends
}

/// Splits as PostgreSQL's own reader does (`pg_strtok`): brackets stand alone, a backslash takes away a meaning.
fn tokens(text: &str) -> Vec<String> {
    let mut tokens: Vec<String> = Vec::new();
    let mut word = String::new();
    let mut characters = text.chars();
    while let Some(character) = characters.next() {
        let is_bracket = matches!(character, '(' | ')' | '{' | '}');
        if is_bracket || character.is_whitespace() {
            if !word.is_empty() {
                tokens.push(std::mem::take(&mut word));
            }
            if is_bracket {
                tokens.push(character.to_string());
            }
        } else {
            word.push(character);
            if character == '\\' {
                word.extend(characters.next());
            }
        }
    }
    if !word.is_empty() {
        tokens.push(word);
    }
    tokens
}

#[cfg(test)]
mod tests {
    use super::*;

    const UID: &str = "{FUNCEXPR :funcid 1 :args <> :location 1}";
    const COLUMN: &str = "{VAR :varno 1 :varattno 2 :varlevelsup 0}";

    fn once(call: &str) -> String {
        format!(
            "{{SUBLINK :subLinkType 4 :testexpr <> :subselect {{QUERY :rtable <> :targetList ({{TARGETENTRY :expr {call} :resname uid\\ x}})}}}}"
        )
    }

    fn equal(one: &str, other: &str) -> String {
        format!("{{OPEXPR :opno 96 :args ({one} {other})}}")
    }

    fn found(tree: &str) -> Vec<String> {
        let facts = format!(
            "function\t1\tauth.uid\ts\nfunction\t2\tpg_catalog.lower\ti\nfunction\t3\tchatkeep_private.in_call\ts\n\
             policy\tt.allowed\tusing\t{{FUNCEXPR :funcid 3 :args <>}}\npolicy\tt.p\tusing\t{tree}\n"
        );
        complaints(&facts).unwrap()
    }

    #[test]
    fn a_call_in_a_subquery_is_asked_once() {
        assert_eq!(found(&equal(COLUMN, &once(UID))), Vec::<String>::new());
    }

    #[test]
    fn a_bare_call_is_found_also_beside_a_wrapped_one() {
        let mixed = format!(
            "{{BOOLEXPR :boolop or :args ({} {})}}",
            equal(COLUMN, &once(UID)),
            equal(COLUMN, UID)
        );
        for tree in [equal(COLUMN, UID), mixed] {
            let found = found(&tree);
            assert_eq!(found.len(), 1, "{found:?}");
            assert!(
                found[0].contains("t.p") && found[0].contains("auth.uid()"),
                "{found:?}"
            );
        }
    }

    #[test]
    fn a_subquery_that_reads_rows_asks_for_each_of_them() {
        let reads = once(UID).replace(":rtable <>", ":rtable ({RANGETBLENTRY :relid 9})");
        let depends = once(UID).replace(
            ":targetList",
            ":where {VAR :varno 1 :varlevelsup 1} :targetList",
        );
        for tree in [reads, depends] {
            assert_eq!(found(&equal(COLUMN, &tree)).len(), 1, "{tree}");
        }
    }

    #[test]
    fn a_call_on_the_row_and_an_immutable_one_are_no_complaint() {
        let on_the_row = format!("{{FUNCEXPR :funcid 1 :args ({COLUMN})}}");
        let immutable = "{FUNCEXPR :funcid 2 :args ({CONST :constvalue 5 [ 36 0 ]})}";
        for tree in [on_the_row.as_str(), immutable] {
            assert_eq!(found(tree), Vec::<String>::new(), "{tree}");
        }
    }

    #[test]
    fn an_exception_that_is_not_used_is_a_complaint() {
        let facts = format!(
            "function\t1\tauth.uid\ts\npolicy\tt.p\tusing\t{}\n",
            once(UID)
        );
        let found = complaints(&facts).unwrap();
        assert_eq!(found.len(), 1);
        assert!(found[0].contains("in_call"), "{found:?}");
    }

    #[test]
    fn nothing_to_look_at_is_a_failure() {
        assert!(complaints("").is_err());
        assert!(complaints("policy\tt.p\tusing\t{A").is_err());
    }
}
