// What `chatkeep()` returns. By hand: streamMessage combines two calls of the database with a stream.

import type { Calls } from "./calls.d.ts";
import type { StreamMessage } from "./toolkit.d.ts";

export interface Chatkeep extends Calls {
  /**
   * Stores an answer while it is streamed to the client: a placeholder first, the whole text at the end, also when the
   * client goes away.
   */
  streamMessage: StreamMessage;
}
