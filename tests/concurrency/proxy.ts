// A proxy to the database that can drop answers or the connection: the view of a client that loses its network after
// COMMIT and before the reply.

/** Forwards connections to a port of 127.0.0.1. */
export class Line {
  readonly #listener: Deno.TcpListener;
  readonly #target: number;
  readonly #sockets: Deno.TcpConn[] = [];
  #swallows = false;

  constructor(target: number) {
    this.#target = target;
    this.#listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    this.#accept();
  }

  get port(): number {
    return this.#listener.addr.port;
  }

  /** From now on, requests pass and answers are dropped. */
  swallowAnswers(): void {
    this.#swallows = true;
  }

  /** Closes the connection. */
  cut(): void {
    closed(this.#listener);
    for (const socket of this.#sockets) closed(socket);
  }

  async #accept(): Promise<void> {
    for await (const client of this.#listener) {
      const server = await Deno.connect({ hostname: "127.0.0.1", port: this.#target });
      this.#sockets.push(client, server);
      this.#forward(client, server, () => false);
      this.#forward(server, client, () => this.#swallows);
    }
  }

  async #forward(from: Deno.TcpConn, to: Deno.TcpConn, swallows: () => boolean): Promise<void> {
    const bytes = new Uint8Array(65536);
    try {
      for (;;) {
        const length = await from.read(bytes);
        if (length === null) break;
        for (let sent = 0; sent < length && !swallows();) sent += await to.write(bytes.subarray(sent, length));
      }
    } catch {
      // The line was cut.
    }
    closed(to);
  }
}

function closed(end: Deno.TcpConn | Deno.Listener): void {
  try {
    end.close();
  } catch {
    // It was already closed.
  }
}
