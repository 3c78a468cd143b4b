//! What only the inside of a server can show: symbols load, datums convert, a refusal keeps its SQLSTATE.
//! Behaviour is tested from outside, by the contract suite, on both engines.

#[pgrx::pg_schema]
mod tests {
    use pgrx::prelude::*;

    /// The migrations and the platform they need, as any database of the extension has them.
    const SCHEMA: [&str; 14] = [
        include_str!("../../sql/platform/01_roles.sql"),
        include_str!("../../sql/platform/02_auth.sql"),
        include_str!("../../sql/supabase/migrations/20261123000100_chatkeep_schema.sql"),
        include_str!("../../sql/supabase/migrations/20261123000150_chatkeep_portable_policies.sql"),
        include_str!("../../sql/supabase/migrations/20261123000200_chatkeep_policies.sql"),
        include_str!("../../sql/supabase/migrations/20261123000300_chatkeep_results.sql"),
        include_str!("../../sql/supabase/migrations/20261123000400_chatkeep_portable_rules.sql"),
        include_str!(
            "../../sql/supabase/migrations/20261123000500_chatkeep_portable_conversations.sql"
        ),
        include_str!("../../sql/supabase/migrations/20261123000600_chatkeep_portable_sessions.sql"),
        include_str!(
            "../../sql/supabase/migrations/20261123000700_chatkeep_portable_documents.sql"
        ),
        include_str!("../../sql/supabase/migrations/20261123000750_chatkeep_upkeep.sql"),
        include_str!(
            "../../sql/supabase/migrations/20261123000770_chatkeep_session_management.sql"
        ),
        include_str!(
            "../../sql/supabase/migrations/20261123000780_chatkeep_document_management.sql"
        ),
        include_str!("../../sql/supabase/migrations/20261123000800_chatkeep_calls.sql"),
    ];

    fn one<T: FromDatum + IntoDatum>(query: &str) -> Option<T> {
        match Spi::get_one(query) {
            Ok(value) => value,
            Err(error) => error!("{query}: {error}"),
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
            one::<i64>(
                "select count(*) from chatkeep_native.calls() c
                 where c in ('create_chat', 'append_message', 'list_messages', 'create_session', 'rotate_session',
                   'validate_session', 'document_checksum', 'register_document', 'register_documents', 'register_content', 'engine')"
            ),
            Some(11)
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
        for part in SCHEMA {
            if let Err(error) = Spi::run(part) {
                error!("{error}");
            }
        }
        let bound = Spi::run(
            "create or replace function chatkeep.list_messages(
               chat_id uuid, before timestamptz default null, after timestamptz default null, page_size integer default 50
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
}
