//! Users, and connections that act for them as the Data API does, with its role and a user's claims.

use crate::connection::Connection;
use anyhow::Result;

/// Makes a user as the auth server would.
pub fn add(admin: &mut Connection, user: &str) -> Result<()> {
    admin.execute(&format!(
        "insert into auth.users (id, email) values ('{user}', '{user}@example.com')"
    ))
}

/// Makes the connection act for the user.
pub fn sign_in(connection: &mut Connection, user: &str) -> Result<()> {
    let claims = format!(
        concat!(
            r#"{{"aud":"authenticated","role":"authenticated","sub":"{user}","#,
            r#""email":"someone@example.com","phone":"","exp":4102444800,"iat":1767225600,"#,
            r#""app_metadata":{{"provider":"email","providers":["email"]}},"user_metadata":{{}},"#,
            r#""aal":"aal1","is_anonymous":false}}"#
        ),
        user = user
    );
    connection.execute(&format!(
        "select set_config('request.jwt.claims', '{claims}', false); set role authenticated"
    ))
}

/// Makes the connection act as service_role, which is exempt from policies.
pub fn act_as_service(connection: &mut Connection) -> Result<()> {
    connection.execute(concat!(
        r#"select set_config('request.jwt.claims', '{"role":"service_role","iss":"supabase"}', false);"#,
        "set role service_role"
    ))
}

/// Makes a chat of the connection's user.
pub fn create_chat(connection: &mut Connection) -> Result<String> {
    connection.value("select id from chatkeep.create_chat()")
}
