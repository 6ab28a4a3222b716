// Receipts of a court's or notary office's chain: told as facts, no claim rests on them.
import type { Bytes } from "./bytes";
import { sha256Hex, sm3Hex } from "./digests";
import { attemptTo, Fault } from "./fault";
import { type Json, parse } from "./json";
import type { Papers } from "./papers";
import * as s from "./shape";
import type { Findings } from "./verdict";

const shape = s.exactly({
  format: s.word("markseal-anchor/1"),
  name: s.authority,
  anchored: s.exactly({ subject: s.word("manifest", "checkpoint"), algorithm: s.word("sha256", "sm3"), digest: s.hex64 }),
  received: s.time,
  reference: s.orNull(s.string),
  stated_time: s.orNull(s.string),
  receipt: s.exactly({ media_type: s.string, content: s.base64() }),
});

export function tellAnchors(papers: Papers, manifest: Bytes | null, findings: Findings): void {
  const facts: Json[] = [];
  for (const [file, data] of papers.files) {
    const what = papers.sidecars.kindOf(file);
    if (what?.kind !== "anchor") continue;
    const found = attemptTo(() => {
      const receipt = shape(parse(data, file, 1 << 20), file);
      if (receipt.name !== what.name) throw new Fault(`${file} is of ${receipt.name}.`, `${file} 属于 ${receipt.name}。`);
      return receipt;
    });
    if ("fault" in found) {
      findings.fault("package", file, found.fault);
      continue;
    }
    const { name, anchored, received, reference, stated_time } = found.value;
    const own = manifest && anchored.subject === "manifest" ? (anchored.algorithm === "sm3" ? sm3Hex : sha256Hex)(manifest) : null;
    facts.push({
      name, subject: anchored.subject, algorithm: anchored.algorithm, received: s.formatTime(received),
      reference, stated_time, names_this: own === null ? null : own === anchored.digest, verified: false,
    });
  }
  if (facts.length) findings.facts["anchors"] = facts;
}
