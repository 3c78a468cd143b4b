//! The statements by which Supabase's auth server rotates a refresh token. Version 1 has a row for every token and
//! takes 24 round trips, of which 6 write. Version 2 has a counter in the session's row and takes 18, of which 3 write.
//! The order is from its source (supabase/auth, `internal/tokens/service.go`, `internal/models`). The JWT is not
//! signed, and no pause is kept.

use super::chatkeep::OTHERS;
use crate::connection::{Connection, Statement};
use crate::random;
use crate::server::Database;
use anyhow::Result;

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Version {
    Rows,
    Counter,
}

/// Makes the tables, once per database, with as many other sessions as Chatkeep's database has.
pub fn create_tables(database: &Database<'_>) -> Result<()> {
    database.connect()?.execute(&format!(
        "create schema gotrue; set search_path = gotrue; {}
         create temporary table others as
         select gen_random_uuid() as user_id, gen_random_uuid() as session_id from generate_series(1, {OTHERS});
         insert into users (id, email, raw_app_meta_data, raw_user_meta_data)
         select user_id, user_id || '@example.com', '{{\"provider\":\"email\"}}', '{{}}' from others;
         insert into identities (provider_id, provider, user_id, identity_data)
         select user_id, 'email', user_id, jsonb_build_object('sub', user_id) from others;
         insert into sessions (id, user_id, aal, created_at, updated_at, user_agent, refresh_token_counter)
         select session_id, user_id, 'aal1', now(), now(), 'bench', 0 from others;
         insert into mfa_amr_claims (session_id, created_at, updated_at, authentication_method)
         select session_id, now(), now(), 'password' from others;
         insert into refresh_tokens (instance_id, token, user_id, revoked, session_id, created_at, updated_at)
         select '00000000-0000-0000-0000-000000000000', gen_random_uuid(), user_id, false, session_id, now(), now()
         from others",
        include_str!("gotrue.sql")
    ))
}

/// A connection and the session that it rotates.
pub struct GoTrue {
    connection: Connection,
    version: Version,
    user: String,
    session: String,
    token: String,
    token_id: String,
    find_token: Statement,
    find_user: Statement,
    find_identities: Statement,
    find_factors: Statement,
    find_session: Statement,
    find_methods: Statement,
    lock_token: Statement,
    lock_session: Statement,
    audit: Statement,
    revoke: Statement,
    insert_token: Statement,
    sign_in: Statement,
    count: Statement,
    touch: Statement,
}

impl GoTrue {
    /// Makes a user with an identity and a session.
    pub fn new(database: &Database<'_>, version: Version) -> Result<Self> {
        let mut connection = database.connect()?;
        connection.execute("set search_path = gotrue")?;
        let (user, session, token) = (random::uuid(), random::uuid(), random::uuid());
        connection.execute(&format!(
            "insert into users (id, email, raw_app_meta_data, raw_user_meta_data) values
               ('{user}', '{user}@example.com', '{{\"provider\":\"email\"}}', '{{}}');
             insert into identities (provider_id, provider, user_id, identity_data) values
               ('{user}', 'email', '{user}', '{{\"sub\":\"{user}\"}}');
             insert into sessions (id, user_id, aal, created_at, updated_at, user_agent, refresh_token_counter) values
               ('{session}', '{user}', 'aal1', now(), now(), 'bench', 0);
             insert into mfa_amr_claims (session_id, created_at, updated_at, authentication_method) values
               ('{session}', now(), now(), 'password');
             insert into refresh_tokens (token, user_id, revoked, session_id, created_at, updated_at) values
               ('{token}', '{user}', false, '{session}', now(), now())"
        ))?;
        let token_id = connection.value(&format!(
            "select id from refresh_tokens where token = '{token}'"
        ))?;
        Ok(Self {
            version,
            user,
            session,
            token,
            token_id,
            find_token: connection.prepare("select * from refresh_tokens where token = $1 limit 1")?,
            find_user: connection.prepare("select * from users where id = $1 limit 1")?,
            find_identities: connection.prepare("select * from identities where user_id = $1")?,
            find_factors: connection.prepare("select * from mfa_factors where user_id = $1")?,
            find_session: connection.prepare("select * from sessions where id = $1 limit 1")?,
            find_methods: connection.prepare("select * from mfa_amr_claims where session_id = $1")?,
            lock_token: connection
                .prepare("select * from refresh_tokens where token = $1 limit 1 for update skip locked")?,
            lock_session: connection
                .prepare("select * from sessions where id = $1 limit 1 for update skip locked")?,
            audit: connection.prepare(
                "insert into audit_log_entries (id, instance_id, payload, created_at, ip_address)
                 values ($1, '00000000-0000-0000-0000-000000000000', $2, now(), '')",
            )?,
            revoke: connection
                .prepare("update refresh_tokens set revoked = true, updated_at = now() where id = $1")?,
            insert_token: connection.prepare(
                "insert into refresh_tokens (instance_id, token, user_id, revoked, parent, session_id, created_at, updated_at)
                 values ('00000000-0000-0000-0000-000000000000', $1, $2, false, $3, $4, now(), now()) returning id::text",
            )?,
            sign_in: connection
                .prepare("update users set last_sign_in_at = now(), updated_at = now() where id = $1")?,
            count: connection.prepare(
                "update sessions set refresh_token_counter = refresh_token_counter + 1, updated_at = now() where id = $1",
            )?,
            touch: connection.prepare(
                "update sessions set refreshed_at = now(), user_agent = $2, ip = $3, updated_at = now() where id = $1",
            )?,
            connection,
        })
    }

    pub fn rotate(&mut self) -> Result<()> {
        match self.version {
            Version::Rows => self.rotate_rows(),
            Version::Counter => self.rotate_counter(),
        }
    }

    /// The number of round trips of one rotation.
    pub fn round_trips(&mut self) -> Result<u64> {
        let before = self.connection.round_trips;
        self.rotate()?;
        Ok(self.connection.round_trips - before)
    }

    fn user(&mut self) -> Result<()> {
        let user = [(&self.user).into()];
        self.connection.run(&self.find_user, &user)?;
        self.connection.run(&self.find_identities, &user)?;
        self.connection.run(&self.find_factors, &user)
    }

    fn session(&mut self, locked: bool) -> Result<()> {
        let session = [(&self.session).into()];
        let find = if locked {
            &self.lock_session
        } else {
            &self.find_session
        };
        self.connection.run(find, &session)?;
        self.connection.run(&self.find_methods, &session)
    }

    fn audit(&mut self, action: &str) -> Result<()> {
        let payload = format!(
            r#"{{"action":"{action}","actor_id":"{user}","actor_username":"{user}@example.com","actor_via_sso":false,"log_type":"token"}}"#,
            user = self.user
        );
        let id = random::uuid();
        self.connection
            .run(&self.audit, &[(&id).into(), (&payload).into()])
    }

    fn touch(&mut self) -> Result<()> {
        let values = [(&self.session).into(), "bench".into(), "192.0.2.1".into()];
        self.connection.run(&self.touch, &values)
    }

    fn rotate_rows(&mut self) -> Result<()> {
        self.connection
            .run(&self.find_token, &[(&self.token).into()])?;
        self.user()?;
        self.session(false)?;
        self.connection.execute("BEGIN")?;
        self.connection
            .run(&self.lock_token, &[(&self.token).into()])?;
        self.user()?;
        self.session(true)?;
        self.audit("token_refreshed")?;
        self.audit("token_revoked")?;
        self.connection
            .run(&self.revoke, &[(&self.token_id).into()])?;
        let successor = random::uuid();
        let values = [
            (&successor).into(),
            (&self.user).into(),
            (&self.token).into(),
            (&self.session).into(),
        ];
        let rows = self.connection.fetch(&self.insert_token, &values)?;
        self.token_id = rows
            .into_iter()
            .flatten()
            .flatten()
            .next()
            .unwrap_or_default();
        self.token = successor;
        self.connection.run(&self.sign_in, &[(&self.user).into()])?;
        self.session(false)?;
        self.connection
            .run(&self.find_identities, &[(&self.user).into()])?;
        self.connection
            .run(&self.find_factors, &[(&self.user).into()])?;
        self.touch()?;
        self.connection.execute("COMMIT")
    }

    fn rotate_counter(&mut self) -> Result<()> {
        self.session(false)?;
        self.user()?;
        self.connection.execute("BEGIN")?;
        self.session(true)?;
        self.user()?;
        self.audit("token_refreshed")?;
        self.connection
            .run(&self.count, &[(&self.session).into()])?;
        self.session(false)?;
        self.connection
            .run(&self.find_factors, &[(&self.user).into()])?;
        self.touch()?;
        self.connection.execute("COMMIT")
    }
}
