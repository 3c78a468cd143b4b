//! A session of Chatkeep. Its user makes it; anonymous clients rotate and validate it by its token.

use crate::connection::{Connection, Rows, Statement};
use crate::random;
use crate::server::Database;
use crate::users;
use anyhow::{Result, anyhow, ensure};

/// A connection of role anon, and a session's token.
pub struct Session {
    pub connection: Connection,
    rotate: Statement,
    validate: Statement,
    pub token: String,
}

/// The number of other sessions, so that statements get the plans of a database in use.
pub const OTHERS: usize = 10_000;

/// Makes the sessions of other users.
pub fn load_others(database: &Database<'_>) -> Result<()> {
    database.connect()?.execute(&format!(
        "create temporary table others as
         select gen_random_uuid() as user_id, gen_random_uuid() as session_id,
           sha256(uuid_send(gen_random_uuid())) as digest
         from generate_series(1, {OTHERS});
         insert into auth.users (id) select user_id from others;
         insert into chatkeep.users (id) select user_id from others;
         insert into chatkeep.memberships (user_id, tenant_id, role, is_home) select user_id, user_id, 'owner', true from others;
         insert into chatkeep.sessions (id, user_id, tenant_id, session_token, expires_at)
         select session_id, user_id, user_id, digest, now() + interval '30 days' from others;
         insert into chatkeep_private.session_secrets (session_token, session_id, tenant_id, refresh_digest)
         select digest, session_id, user_id, sha256(digest) from others"
    ))
}

/// Makes a session of a new user and returns its token.
pub fn open(database: &Database<'_>) -> Result<String> {
    let user = random::uuid();
    users::add(&mut database.connect()?, &user)?;
    let mut connection = database.connect()?;
    users::sign_in(&mut connection, &user)?;
    connection.value(
        "select token from chatkeep.create_session('bench', '192.0.2.1', idle_ttl => '7 days')",
    )
}

impl Session {
    /// Opens a connection for this token.
    pub fn of(database: &Database<'_>, token: String) -> Result<Self> {
        let mut connection = database.connect()?;
        connection.execute("set role anon")?;
        Ok(Self {
            rotate: connection.prepare("select status, token from chatkeep.rotate_session($1)")?,
            validate: connection
                .prepare("select status, user_id, expires_at from chatkeep.validate_session($1)")?,
            connection,
            token,
        })
    }

    /// Exchanges the token for its successor.
    pub fn rotate(&mut self) -> Result<()> {
        let (status, token) = self.present()?;
        ensure!(status == "rotated", "rotate_session says {status}");
        self.token = token;
        Ok(())
    }

    /// The status and the successor of the token. The session keeps its token.
    pub fn present(&mut self) -> Result<(String, String)> {
        let values = [(&self.token).into()];
        let rows: Rows = self.connection.fetch(&self.rotate, &values)?;
        let mut cells = rows.into_iter().flatten().flatten();
        match (cells.next(), cells.next()) {
            (Some(status), Some(token)) => Ok((status, token)),
            (status, _) => Err(anyhow!(
                "rotate_session says {}",
                status.unwrap_or_default()
            )),
        }
    }

    /// Validates the token.
    pub fn validate(&mut self) -> Result<()> {
        let values = [(&self.token).into()];
        self.connection.run(&self.validate, &values)
    }
}
