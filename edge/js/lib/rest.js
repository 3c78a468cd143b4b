// Calls without supabase-js: requests to PostgREST, over any fetch.

/** Returns a function that sends a call to a project's Data API and answers `{ data, error, status }`, as supabase-js does. */
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
    // A proxy on the way may answer in HTML.
    return undefined;
  }
}
