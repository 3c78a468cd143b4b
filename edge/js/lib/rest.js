// Calls without supabase-js: what PostgREST needs to hear, over any fetch.

/** Sends `{ data, error, status }` requests to a project's Data API, in the shape of supabase-js. */
export function dataApi({ url, key, accessToken, headers, fetch: send = globalThis.fetch }) {
  const root = `${String(url).replace(/\/+$/, "")}/rest/v1/rpc/`;
  return async (name, sent, signal) => {
    const token = (await accessToken?.()) ?? key;
    const response = await send(`${root}${name}`, {
      method: "POST",
      headers: {
        apikey: key,
        authorization: `Bearer ${token}`,
        "content-type": "application/json",
        "content-profile": "chatkeep",
        ...headers,
      },
      body: JSON.stringify(sent),
      signal,
    });
    const body = parse(await response.text());
    const { status } = response;
    if (response.ok) return { data: body ?? null, error: null, status };
    const error = typeof body === "object" && body !== null ? body : { message: response.statusText || `HTTP ${status}` };
    return { data: null, error, status };
  };
}

function parse(text) {
  try {
    return JSON.parse(text);
  } catch {
    // What lies between may answer in HTML.
    return undefined;
  }
}
