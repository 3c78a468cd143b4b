// Serves a worker with workerd while a function runs.

import { spawn } from "node:child_process";

/**
 * Serves the folder's worker.capnp, calls `work` with the address and returns its result. `workerd` is the folder of
 * the npm package. The program is started directly, because the script in .bin does not pass on the descriptor that
 * reports the port.
 */
export async function serving(workerd, folder, work) {
  const server = spawn(workerd.default ?? workerd, ["serve", "worker.capnp", "--control-fd=3"], {
    cwd: folder,
    stdio: ["ignore", "inherit", "inherit", "pipe"],
  });
  try {
    return await work(`http://127.0.0.1:${await listening(server)}/`);
  } finally {
    server.kill();
  }
}

/** Resolves to the port that workerd reports on its control descriptor. */
function listening(server) {
  return new Promise((resolve, reject) => {
    let told = "";
    server.stdio[3].on("data", (data) => {
      told += data;
      const found = /"port":\s*(\d+)/.exec(told);
      if (found) resolve(Number(found[1]));
    });
    server.on("error", reject);
    server.on("exit", (code) => reject(new Error(`workerd ended with ${code}`)));
  });
}
