// What to do about the refusals of a gateway, and of a database that the call never reached. Chatkeep's own refusals bring
// their hint along; these come from PostgREST or PostgreSQL, which cannot know what a caller of Chatkeep has forgotten.

const MIGRATE = "Run the migrations: npx chatkeep init, then npx supabase db push. If they have run, reload the gateway's " +
  "schema cache: notify pgrst, 'reload schema';";
const EXPOSE = "Add chatkeep to the exposed schemas: [api] schemas in supabase/config.toml, or Dashboard > Settings > " +
  "Data API; PGRST_DB_SCHEMAS on a server of your own.";
const SIGN_IN = "Sign in first: the request carried no user's JWT. Pass a supabase-js client with a signed-in user, or " +
  "accessToken.";
const RENEW = "Sign in again, or refresh the session: the gateway did not accept the JWT.";

// The first rule that matches has the remedy.
const REMEDIES = [
  // The schema is not among the exposed ones. The gateway cannot know whether it is there.
  { code: /^PGRST106$/, remedy: EXPOSE },
  // The gateway's cache has no such function or table, or the database has none, or no such schema.
  { code: /^(PGRST20[25]|3F000)$/, remedy: MIGRATE },
  { code: /^42883$/, message: /function chatkeep/, remedy: MIGRATE },
  { code: /^42P01$/, message: /"chatkeep/, remedy: MIGRATE },
  { code: /^PGRST30[1-3]$/, remedy: RENEW },
  // 401 instead of 403: PostgREST answers so if the request ran as the anonymous role.
  { code: /^42501$/, message: /^permission denied for (function|schema|table|view) /, status: 401, remedy: SIGN_IN },
  {
    code: /^42501$/,
    message: /^permission denied for function /,
    remedy: "The database role of the request may not make this call: docs/reference.md names the roles. Maintenance calls need the secret key.",
  },
  {
    code: /^42501$/,
    message: /^permission denied for schema chatkeep/,
    remedy: "Run the migrations again: they grant the schema to anon, authenticated and service_role.",
  },
  { code: /^22P02$/, message: /type uuid/, remedy: "Pass ids as the store returned them, or make a UUID of another id with toUuid(id)." },
];

/** What to do about a refusal that Chatkeep did not write; undefined for any other. */
export function remedyFor(code, message, status) {
  return REMEDIES.find((rule) =>
    rule.code.test(code) && (rule.message?.test(message) ?? true) && (rule.status ?? status) === status
  )?.remedy;
}
