// The claim `case`: NAME.case.json holds every entry of a closed case.
import { equal, utf8 } from "./bytes";
import { verifies } from "./ed25519";
import { attemptTo, Fault } from "./fault";
import { parse } from "./json";
import { readCheckpoint } from "./log";
import { checkInclusion, leafHash } from "./merkle";
import { type Checkpoint, parseCheckpoint, parseNote } from "./note";
import type { Papers } from "./papers";
import { type Attempt, caseTag, type Closing, parseEntry, without } from "./records";
import * as s from "./shape";
import { afterRevocation, signerNamed, type Trust } from "./trust";
import type { Findings } from "./verdict";

const CLAIM = "case";
const LIMIT = 64 << 20;
const NAMED = 100;

const shape = s.exactly({
  format: s.word("markseal-case/1"),
  case: s.string,
  case_salt: s.hex64,
  checkpoint: s.string,
  entries: s.list(s.exactly({ index: s.integer, entry: s.string, hashes: s.list(s.base64(32), 0, 63) })),
});

interface Seen {
  attempts: Map<number, Attempt>;
  outcomes: Map<number, string>;
  closing: { index: number; entry: Closing; data: Uint8Array } | null;
}

export function checkCase(papers: Papers, trust: Trust | null, findings: Findings): void {
  const where = papers.sidecars.caseExport;
  const data = papers.get(where);
  if (!data) return;
  const read = attemptTo(() => {
    const found = shape(parse(data, where, LIMIT), where);
    if (found.entries.some((row, at) => at > 0 && row.index <= (found.entries[at - 1]?.index ?? -1))) {
      throw new Fault(`${where}: its entries are not in order.`, `${where}：条目未按序号排列。`);
    }
    const note = utf8(found.checkpoint);
    const origin = parseCheckpoint(parseNote(note, where).text, where).origin;
    const key = trust ? (trust.logs.find((log) => log.key.name === origin) ?? trust.logs[0])?.key : undefined;
    return { found, checkpoint: readCheckpoint(note, key ?? null, where).checkpoint };
  });
  if ("fault" in read) {
    findings.fault(CLAIM, where, read.fault);
    return;
  }
  const { found, checkpoint } = read.value;
  const seen: Seen = { attempts: new Map(), outcomes: new Map(), closing: null };
  const tag = caseTag(found.case_salt, found.case);
  for (const row of found.entries) {
    const entry = utf8(row.entry);
    const taken = attemptTo(() => {
      checkInclusion(leafHash(entry), row.index, checkpoint.size, row.hashes, checkpoint.root);
      take(row.index, entry, tag, seen);
    });
    if ("fault" in taken) {
      const { en, zh } = taken.fault;
      findings.invalid(CLAIM, `${where}: entry ${row.index}`, `Entry ${row.index}: ${en}`, `第 ${row.index} 条：${zh}`);
    }
  }
  checkNumbers(seen, where, findings);
  close(seen, found.case, checkpoint, where, trust, findings);
  for (const which of ["attempt", "outcome"] as const) {
    const name = papers.sidecars.entry(which);
    const own = papers.get(name);
    if (own && !found.entries.some((row) => equal(utf8(row.entry), own))) {
      findings.invalid(CLAIM, where, `It does not have ${name}.`, `其中没有 ${name}。`);
    }
  }
}

/** Take in one entry; a fault when it is not of this case, or has no place in it. */
function take(index: number, data: Uint8Array, tag: string, seen: Seen): void {
  const entry = parseEntry(data, "It");
  if (!("case_tag" in entry) || entry.case_tag !== tag) throw new Fault("it is not of this case.", "不属于本案件。");
  if (seen.closing) throw new Fault("it stands after the closing of the case.", "位于结案条目之后。");
  if (entry.kind === "closing") seen.closing = { index, entry, data };
  else if (entry.kind === "attempt") seen.attempts.set(index, entry);
  else {
    const attempt = seen.attempts.get(entry.attempt);
    if (!attempt || attempt.capture_id !== entry.capture_id || attempt.number !== entry.number) {
      throw new Fault("its attempt is missing.", "缺少其对应的尝试。");
    }
    if (seen.outcomes.has(entry.attempt)) throw new Fault("its attempt has an outcome already.", "其对应的尝试已有结果。");
    seen.outcomes.set(entry.attempt, entry.kind);
  }
}

function checkNumbers(seen: Seen, where: string, findings: Findings): void {
  const numbers = [...seen.attempts.values()].map((a) => a.number);
  const there = new Set(numbers);
  for (const number of there) {
    if (numbers.filter((n) => n === number).length > 1) {
      findings.invalid(CLAIM, where, `The attempt number ${number} occurs more than once.`, `第 ${number} 次尝试的编号出现不止一次。`);
    }
  }
  const most = Math.max(seen.closing?.entry.attempts ?? 0, 0, ...there);
  let named = 0;
  for (let number = 1; number <= most && named < NAMED; number++) {
    if (there.has(number)) continue;
    named++;
    findings.invalid(CLAIM, where, `The attempt number ${number} is missing.`, `缺少第 ${number} 次尝试。`);
  }
}

function close(seen: Seen, name: string, checkpoint: Checkpoint, where: string, trust: Trust | null, findings: Findings): void {
  if (!seen.closing) {
    findings.facts["case_export"] = { attempts: seen.attempts.size, closed: null };
    findings.unchecked(CLAIM, `The case ${name} is not closed: later attempts may follow.`, `案件 ${name} 尚未结案：其后仍可能有新的尝试。`, where);
    return;
  }
  const { index, entry, data } = seen.closing;
  const counts = { attempts: entry.attempts, sealed: entry.sealed, failed: entry.failed, nothing_found: entry.nothing_found };
  findings.facts["case_export"] = { ...counts, closed: s.formatTime(entry.time), index };
  const kinds = [...seen.outcomes.values()];
  const of = (kind: string): number => kinds.filter((k) => k === kind).length;
  const fits =
    entry.attempts === seen.attempts.size && entry.sealed === of("sealed") && entry.failed === of("failed") && entry.nothing_found === of("nothing_found");
  if (!fits) {
    findings.invalid(CLAIM, where, "The closing entry counts other attempts and outcomes than these.", "结案条目所计的尝试与结果数与此处不同。");
  }
  if (!trust) {
    findings.unchecked(CLAIM, "The closing entry was not checked against a trusted key.", "结案条目未用可信密钥核查。", where);
    return;
  }
  const signer = signerNamed(trust, entry.signer);
  const signed = signer.digest === entry.signer && verifies(entry.signature, without(data, where, "signature"), signer.key);
  const late = (signer.revoked !== null && entry.time >= signer.revoked) || afterRevocation(trust, signer, checkpoint.origin, index);
  if (!signed) findings.invalid(CLAIM, where, "The closing entry is not signed by a trusted signer's key.", "结案条目不是由可信签名密钥签名的。");
  else if (late) findings.invalid(CLAIM, where, "The closing entry: its key was revoked before.", "结案条目：其密钥此前已吊销。");
  findings.valid(
    CLAIM,
    `The case was closed with ${entry.attempts} attempt(s): ${entry.sealed} sealed, ${entry.failed} failed, ${entry.nothing_found} without a page; every one is here.`,
    `案件已结案，共 ${entry.attempts} 次尝试：封装 ${entry.sealed}、失败 ${entry.failed}、无页面 ${entry.nothing_found}；各条目齐全。`,
  );
}

