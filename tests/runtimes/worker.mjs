// A worker for workerd that uses the store with the connection in the request, and returns the results.

import * as api from "chatkeep";
import { visit } from "./visit.mjs";

export default {
  async fetch(request) {
    const { url, key, jwt } = await request.json();
    try {
      return Response.json(await visit(api, { url, key, accessToken: () => jwt }));
    } catch (error) {
      return new Response(String(error?.stack ?? error), { status: 500 });
    }
  },
};
