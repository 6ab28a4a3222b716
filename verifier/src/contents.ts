// What is inside a package, each file by its own rules, and whether they agree with one another.
import type { Bytes } from "./bytes";
import { attemptTo } from "./fault";
import * as names from "./names";
import { type AttemptRecord, type Manifest, parseAttemptRecord } from "./records";
import type { Findings } from "./verdict";
import type { Archive } from "./zip";

export interface Contents {
  attempt: AttemptRecord | null;
  review: { data: Bytes; signature: Bytes } | null;
}

export function checkContents(archive: Archive, _artefacts: string[], _manifest: Manifest | null, _altered: Set<string>, findings: Findings): Contents {
  const contents: Contents = { attempt: null, review: null };
  const data = archive.read(names.ATTEMPT, 8 << 20);
  if (data) {
    const found = attemptTo(() => parseAttemptRecord(data));
    if ("fault" in found) findings.fault("package", archive.place(names.ATTEMPT), found.fault);
    else contents.attempt = found.value;
  }
  return contents;
}
