/*
 * Refuses UPDATE and DELETE without a WHERE clause, also inside WITH, as the library `safeupdate` does that Supabase
 * loads into every session of the Data API (session_preload_libraries of role authenticator). For tests only: Debian
 * has no package of it, so the rule is written here once more. SQLSTATE and message are those of the original.
 */
#include "postgres.h"

#include "fmgr.h"
#include "nodes/nodes.h"
#include "nodes/parsenodes.h"
#include "parser/analyze.h"

PG_MODULE_MAGIC;

void		_PG_init(void);

static post_parse_analyze_hook_type next_hook = NULL;

static void
require_where(const Query *query)
{
	ListCell   *cell;

	foreach(cell, query->cteList)
	{
		CommonTableExpr *cte = lfirst_node(CommonTableExpr, cell);

		if (IsA(cte->ctequery, Query))
			require_where((const Query *) cte->ctequery);
	}
	if (query->jointree == NULL || query->jointree->quals != NULL)
		return;
	if (query->commandType == CMD_UPDATE)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("UPDATE requires a WHERE clause")));
	if (query->commandType == CMD_DELETE)
		ereport(ERROR,
				(errcode(ERRCODE_CARDINALITY_VIOLATION),
				 errmsg("DELETE requires a WHERE clause")));
}

static void
check_statement(ParseState *state, Query *query, JumbleState *jumble)
{
	if (next_hook != NULL)
		next_hook(state, query, jumble);
	require_where(query);
}

void
_PG_init(void)
{
	next_hook = post_parse_analyze_hook;
	post_parse_analyze_hook = check_statement;
}
