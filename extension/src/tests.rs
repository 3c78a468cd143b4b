//! What only the inside of a server can show: symbols load, datums convert, a refusal keeps its SQLSTATE.
//! Behaviour is tested from outside, by the contract suite, on both engines.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    /// The migrations and the platform they need, as any database of the extension has them.
    const SCHEMA: [&str; 13] = [
        include_str!("../../sql/platform/01_roles.sql"),
        include_str!("../../sql/platform/02_auth.sql"),
        include_str!("../../sql/supabase/migrations/20261123000100_chatkeep_foundation.sql"),
        include_str!("../../sql/supabase/migrations/20261123000200_chatkeep_tables.sql"),
        include_str!("../../sql/supabase/migrations/20261123000300_chatkeep_access.sql"),
        include_str!("../../sql/supabase/migrations/20261123000400_chatkeep_policies.sql"),
        include_str!("../../sql/supabase/migrations/20261123000500_chatkeep_guards.sql"),
        include_str!("../../sql/supabase/migrations/20261123000600_chatkeep_rules.sql"),
        include_str!("../../sql/supabase/migrations/20261123000700_chatkeep_chats.sql"),
        include_str!("../../sql/supabase/migrations/20261123000800_chatkeep_sessions.sql"),
        include_str!("../../sql/supabase/migrations/20261123000900_chatkeep_documents.sql"),
        include_str!("../../sql/supabase/migrations/20261123001000_chatkeep_people.sql"),
        include_str!("../../sql/supabase/migrations/20261123001100_chatkeep_operations.sql"),
    ];

    fn one<T: FromDatum + IntoDatum>(query: &str) -> Option<T> {
        match Spi::get_one(query) {
            Ok(value) => value,
            Err(error) => error!("{query}: {error}"),
        }
    }

    fn migrate() {
        for part in SCHEMA {
            if let Err(error) = Spi::run(part) {
                error!("{error}");
            }
        }
    }

    #[pg_test]
    fn a_checksum_is_the_sha_256_of_the_bytes() {
        for bytes in ["''", "'abc'", "convert_to(repeat('a', 1000000), 'UTF8')"] {
            assert_eq!(
                one::<bool>(&format!(
                    "select chatkeep_native.document_checksum({bytes}::bytea) = encode(sha256({bytes}::bytea), 'hex')"
                )),
                Some(true)
            );
        }
        assert_eq!(
            one::<String>("select chatkeep_native.document_checksum(null)"),
            None
        );
    }

    #[pg_test]
    fn a_checksum_does_not_depend_on_how_the_bytes_are_stored() {
        // Sizes: in the row with either header, out of line in one slice, at its end, and in several.
        for storage in ["plain", "main", "external", "extended"] {
            let limit = if storage == "plain" { 5_000 } else { 1 << 20 };
            Spi::run(&format!(
                "create temporary table stored (content bytea);
                 alter table stored alter column content set storage {storage};
                 insert into stored
                 select substr(convert_to(repeat('0123456789abcdef~', 61681), 'UTF8'), 1, size)
                 from unnest(array[0, 1, 100, 2000, 5000, 262143, 262144, 262145, 1048576]) size
                 where size <= {limit}"
            ))
            .unwrap_or_else(|error| error!("{storage}: {error}"));
            assert_eq!(
                one::<i64>(
                    "select count(*) from stored
                     where chatkeep_native.document_checksum(content) <> encode(sha256(content), 'hex')"
                ),
                Some(0),
                "{storage}"
            );
            Spi::run("drop table stored").unwrap_or_else(|error| error!("{storage}: {error}"));
        }
    }

    #[pg_test]
    fn every_call_has_its_symbol() {
        assert_eq!(
            one::<bool>("select count(*) > 0 from chatkeep_native.calls()"),
            Some(true)
        );
        // Declaring a C function looks its symbol up.
        let declared = Spi::run(
            "do $$ declare c text; begin
               for c in select chatkeep_native.calls() loop
                 execute format('create function pg_temp.%I() returns void language c as %L, %L', c, '$libdir/chatkeep', c || '_wrapper');
               end loop;
             end $$",
        );
        assert!(declared.is_ok());
    }

    #[pg_test]
    fn a_refusal_keeps_its_sqlstate_message_and_hint() {
        migrate();
        let bound = Spi::run(
            "create or replace function chatkeep.list_messages(
               chat_id uuid, before timestamptz default null, after timestamptz default null, page_size integer default 50,
               from_summary boolean default false
             ) returns setof chatkeep.messages language c stable as '$libdir/chatkeep', 'list_messages_wrapper'",
        );
        assert!(bound.is_ok());
        let caught = Spi::run(
            "do $$ declare code text; said text; advice text; begin
               perform chatkeep.list_messages('00000000-0000-7000-8000-000000000000');
             exception when others then
               get stacked diagnostics code = returned_sqlstate, said = message_text, advice = pg_exception_hint;
               perform set_config('test.caught', concat_ws('|', code, said, advice), true);
             end $$",
        );
        assert!(caught.is_ok());
        assert_eq!(
            one::<String>("select current_setting('test.caught')").as_deref(),
            Some(
                "PT404|chat_id names no chat of yours|Make the chat with create_chat, or check the id."
            )
        );
    }

    /// What a query says after a change, which is then taken back.
    fn after(change: &str, query: &str) -> Option<bool> {
        let run = Spi::run(&format!(
            "do $outer$ declare said boolean; begin
               {change};
               {query} into said;
               raise sqlstate 'TAP01' using message = said;
             exception when sqlstate 'TAP01' then
               perform set_config('test.said', sqlerrm, true);
             end $outer$"
        ));
        if let Err(error) = run {
            error!("{change}: {error}");
        }
        one::<bool>("select current_setting('test.said')::boolean")
    }

    #[pg_test]
    fn every_table_of_the_migrations_has_their_policies() {
        migrate();
        let strangers = "
            select coalesce(string_agg(c.oid::regclass::text, ' '), '') from pg_class c
            where c.relnamespace in ('chatkeep'::regnamespace, 'chatkeep_private'::regnamespace) and c.relkind = 'r'
              and not chatkeep_native.policies_are_the_migrations(c.oid)";
        assert_eq!(one::<String>(strangers).as_deref(), Some(""));
        // However expressions are printed in the session that asks.
        for setting in [
            "set local search_path = chatkeep, chatkeep_private, auth, public",
            "set local quote_all_identifiers = on",
            "set local role authenticated; set local row_security = off; reset role",
        ] {
            let cold = format!("{setting}; create temporary table cold () on commit drop");
            assert_eq!(
                after(&cold, &format!("select ({strangers}) = ''")),
                Some(true),
                "{setting}"
            );
        }
    }

    #[pg_test]
    fn a_table_whose_row_security_differs_is_told_apart() {
        migrate();
        let query = "select chatkeep_native.policies_are_the_migrations('chatkeep.users')";
        assert_eq!(one::<bool>(query), Some(true));
        for change in [
            "create policy extra on chatkeep.users using (true)",
            "create policy extra on chatkeep.users as restrictive for delete to anon using (false)",
            "drop policy users_select on chatkeep.users",
            "alter policy users_select on chatkeep.users rename to users_read",
            "alter policy users_select on chatkeep.users to authenticated, anon",
            "alter policy users_select on chatkeep.users to public",
            "alter policy users_select on chatkeep.users using (id = auth.uid())",
            "alter policy users_select on chatkeep.users using (id = (select chatkeep.uid()) and true)",
            "alter policy users_insert on chatkeep.users with check (true)",
            // Not in its kind alone: PostgreSQL 15 takes two such policies for the same when the change is taken back.
            "drop policy users_select on chatkeep.users;
             create policy users_select on chatkeep.users as restrictive for select to authenticated using (id = chatkeep.uid())",
            "drop policy users_select on chatkeep.users;
             create policy users_select on chatkeep.users to authenticated using (id = (select chatkeep.uid()))",
            "alter table chatkeep.users disable row level security",
            "alter table chatkeep.users no force row level security",
            "alter table chatkeep.users rename column disabled_at to gone_at",
            "alter role authenticated rename to signed_in",
            "alter function chatkeep.uid() rename to who",
            "alter function chatkeep.uid() set schema chatkeep_private",
        ] {
            assert_eq!(after(change, query), Some(false), "{change}");
            // Taken back, nothing of the change is remembered.
            assert_eq!(one::<bool>(query), Some(true), "{change}");
        }
        for change in [
            "create temporary table mine () on commit drop",
            "alter table chatkeep.users add column note text",
            "alter policy users_select on chatkeep.users using (id  =  ( select chatkeep.uid() ))",
        ] {
            assert_eq!(after(change, query), Some(true), "{change}");
        }
    }

    #[pg_test]
    fn no_other_relation_has_the_policies_of_the_migrations() {
        migrate();
        let made = Spi::run(
            "create schema other;
             create table other.users (id uuid);
             create view other.seen as select 1;
             alter table other.users enable row level security;
             alter table other.users force row level security",
        );
        assert!(made.is_ok());
        for relation in [
            "'pg_class'",
            "'other.users'",
            "'other.seen'",
            "'chatkeep.users_pkey'",
            "'chatkeep.my_sessions'",
            "0",
        ] {
            assert_eq!(
                one::<bool>(&format!(
                    "select chatkeep_native.policies_are_the_migrations({relation}::regclass)"
                )),
                Some(false),
                "{relation}"
            );
        }
    }

    #[pg_test]
    fn a_table_that_is_another_one_by_name_is_judged_anew() {
        migrate();
        let query = "select chatkeep_native.policies_are_the_migrations('chatkeep.users')";
        assert_eq!(one::<bool>(query), Some(true));
        assert_eq!(
            after(
                "alter table chatkeep.users rename to people;
                 create table chatkeep.users (like chatkeep.people including all);
                 alter table chatkeep.users enable row level security;
                 alter table chatkeep.users force row level security",
                query
            ),
            Some(false)
        );
        assert_eq!(one::<bool>(query), Some(true));
    }
}
