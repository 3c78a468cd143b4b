//! Whether each policy asks its questions once per statement: every call that does not depend on the row stands in a
//! subquery of its own, `(select auth.uid())`, which the planner runs first and once. Splinter's lint 0003 looks for the
//! words `select auth.uid()` and so misses a policy that says it once with and once without; this reads the expressions.

use anyhow::{Context, Result, bail, ensure};
use sqlparser::ast::{
    Expr, FunctionArguments, Query, Value, visit_expressions, visit_expressions_mut, visit_relations,
};
use sqlparser::{dialect::PostgreSqlDialect, parser::Parser};
use std::collections::HashMap;
use std::ops::ControlFlow;

/// Calls that stand bare, each with its reason.
const ALLOWED: [(&str, &str); 1] = [(
    "chatkeep_private.in_call",
    "asked of deleted rows alone; a subquery of its own in every statement would cost more than it saves",
)];

/// Complaints about the lines that `policies.sql` prints.
pub fn complaints(facts: &str) -> Result<Vec<String>> {
    let mut is_immutable = HashMap::new();
    let (mut complaints, mut called, mut policies) = (vec![], vec![], 0);
    for line in facts.lines() {
        match line.split('\t').collect::<Vec<_>>().as_slice() {
            ["function", name, immutable] => drop(is_immutable.insert(*name, *immutable == "t")),
            ["policy", name, part, expression] => {
                policies += 1;
                let bare = bare_calls(expression).with_context(|| format!("The {part} of {name} could not be read"))?;
                for function in bare {
                    let qualified = if function.contains('.') { function } else { format!("pg_catalog.{function}") };
                    match is_immutable.get(qualified.as_str()) {
                        Some(true) => {}
                        // `coalesce` and its like are no functions.
                        None if qualified.starts_with("pg_catalog.") => {}
                        None => bail!("{name} calls function {qualified}, which nobody knows."),
                        Some(false) if ALLOWED.iter().any(|(allowed, _)| *allowed == qualified) => {
                            called.push(qualified);
                        }
                        Some(false) => complaints.push(format!(
                            "policy {name}: {part} calls {qualified}() for every row: write (select {qualified}(...))"
                        )),
                    }
                }
            }
            _ => bail!("policies.sql printed `{line}`."),
        }
    }
    ensure!(policies > 0, "There is no policy to look at.");
    for (name, why) in ALLOWED.iter().filter(|(name, _)| !called.iter().any(|called| called == name)) {
        complaints
            .push(format!("no policy calls {name}() bare any more ({why}): take it from the list in policies.rs"));
    }
    Ok(complaints)
}

/// The functions that are called without a column among their arguments and outside of `(select …)`.
fn bare_calls(expression: &str) -> Result<Vec<String>> {
    let mut tree = Parser::new(&PostgreSqlDialect {}).try_with_sql(expression)?.parse_expr()?;
    let _ = visit_expressions_mut(&mut tree, |inner| {
        if matches!(inner, Expr::Subquery(query) if runs_once(query)) {
            *inner = Expr::Value(Value::Null.into());
        }
        ControlFlow::<()>::Continue(())
    });
    let mut found = vec![];
    let _ = visit_expressions(&tree, |inner| {
        if let Expr::Function(function) = inner
            && !matches!(function.args, FunctionArguments::None)
            && !reads_a_column(inner)
        {
            found.push(function.name.to_string());
        }
        ControlFlow::<()>::Continue(())
    });
    Ok(found)
}

/// A subquery that reads no table and no column of the row: the planner makes an InitPlan of it.
fn runs_once(query: &Query) -> bool {
    visit_relations(query, |_| ControlFlow::Break(())).is_continue() && !reads_a_column(query)
}

fn reads_a_column(node: &impl sqlparser::ast::Visit) -> bool {
    let is_column = |inner: &Expr| matches!(inner, Expr::Identifier(_) | Expr::CompoundIdentifier(_));
    visit_expressions(node, |inner| if is_column(inner) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) })
        .is_break()
}

#[cfg(test)]
mod tests {
    use super::*;

    const FUNCTIONS: &str = "function\tauth.uid\tf\nfunction\tpg_catalog.lower\tt\n\
        function\tchatkeep_private.in_call\tf\npolicy\tt.allowed\tusing\tchatkeep_private.in_call()\n";

    #[test]
    fn a_call_is_found_where_it_is_asked_for_every_row() {
        for (expression, is_bare) in [
            ("(user_id = ( SELECT auth.uid() AS uid))", false),
            ("(user_id = auth.uid())", true),
            ("((a = ( SELECT auth.uid() AS uid)) OR (b = auth.uid()))", true),
            // A subquery that reads rows, or the row, is asked for each of them.
            ("(user_id = ( SELECT auth.uid() AS uid   FROM t))", true),
            ("(user_id = ( SELECT auth.uid() AS uid  WHERE (t.a = 1)))", true),
            ("(a = lower('X'::text))", false),
            ("COALESCE((a = auth.uid(b)), false)", false),
        ] {
            let found = complaints(&format!("{FUNCTIONS}policy\tt.p\tusing\t{expression}\n")).unwrap();
            assert_eq!(found.len(), usize::from(is_bare), "{expression}: {found:?}");
            assert!(found.iter().all(|line| line.contains("t.p") && line.contains("auth.uid()")), "{found:?}");
        }
    }

    #[test]
    fn an_exception_that_is_not_used_and_nothing_to_look_at_are_noticed() {
        let unused = "function\tauth.uid\tf\npolicy\tt.p\tusing\ttrue\n";
        assert!(complaints(unused).unwrap()[0].contains("in_call"));
        assert!(complaints("").is_err());
        assert!(complaints("policy\tt.p\tusing\t(a = ").is_err());
    }
}
