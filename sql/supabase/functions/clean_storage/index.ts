// POST with the service key, on a schedule: deletes the objects of Storage whose attachment or document was removed. What fails
// is given again after 15 minutes. A caller without the service key is refused by the database.

import type { StorageDeletion } from "chatkeep";
import { jobOf, refused } from "../_shared/caller.ts";

/** The buckets that hold attachments and documents. The first one holds the objects whose storage_path names no bucket. */
const BUCKETS = ["documents"];

Deno.serve(async (request) => {
  const { supabase, ck } = jobOf(request);
  const counts = { deleted: 0, kept: 0, failed: 0 };
  for (;;) {
    const taken = await ck.takeStorageDeletions({ batchSize: 1000 });
    if (taken.error) return refused(taken.error);
    if (taken.data.length === 0) return Response.json(counts, { status: counts.failed ? 502 : 200 });
    const ids: string[] = [];
    for (const bucket of BUCKETS) {
      const objects = taken.data.filter((object) => place(object)?.bucket === bucket);
      const { error } = objects.length > 0
        ? await supabase.storage.from(bucket).remove(objects.map((object) => place(object)!.path))
        : { error: null };
      if (error) {
        counts.failed += objects.length;
        console.error(`${bucket}: ${error.message}`);
      } else {
        counts.deleted += objects.length;
        ids.push(...objects.map(({ id }) => id));
      }
    }
    // Of another bucket, or in the folder of somebody else. A user can name any path in an attachment.
    const foreign = taken.data.filter((object) => place(object) === undefined);
    counts.kept += foreign.length;
    ids.push(...foreign.map(({ id }) => id));
    const done = await ck.doneStorageDeletions({ ids });
    if (done.error) return refused(done.error);
  }
});

/** Where the object lies, if its user may have stored it: in the folder of the user, as the policies of Storage ask for. */
function place({ storage_path, user_id }: StorageDeletion): { bucket: string; path: string } | undefined {
  const named = storage_path.replace(/^storage:\/\//, "");
  const bucket = BUCKETS.find((bucket) => named.startsWith(`${bucket}/`));
  const path = bucket ? named.slice(bucket.length + 1) : named;
  return path.startsWith(`${user_id}/`) ? { bucket: bucket ?? BUCKETS[0], path } : undefined;
}
