// The claim `case`: NAME.case.json holds every entry of a closed case, through every log it ran in.
import { type Bytes, equal, toHex, utf8 } from "./bytes";
import { counted } from "./counted";
import { verifies } from "./ed25519";
import { attemptTo, Fault } from "./fault";
import { isObject, parse } from "./json";
import { checkpointOf, readCheckpoint, requireInHand } from "./log";
import { checkInclusion, leafHash } from "./merkle";
import { type Checkpoint, parseCheckpoint, parseNote } from "./note";
import type { Papers } from "./papers";
import { type Attempt, caseTag, type Closing, type Continued, parseEntry, without } from "./records";
import * as s from "./shape";
import { afterRevocation, agesOf, logNamed, signerNamed, type Trust } from "./trust";
import type { Findings } from "./verdict";
import { checkCosigned } from "./witnesses";

const CLAIM = "case";
const LIMIT = 64 << 20;
const NAMED = 100;

const rows = s.list(s.exactly({ index: s.integer, entry: s.string, hashes: s.list(s.base64(32), 0, 63) }));
const part = { checkpoint: s.string, entries: rows };
const first = { case: s.string, case_salt: s.hex64, ...part };
const shape = s.exactly({ format: s.word("markseal-case/1"), ...first });
const shape2 = s.exactly({ format: s.word("markseal-case/2"), ...first, former: s.list(s.exactly(part), 1) });
type Part = { checkpoint: string; entries: ReturnType<typeof rows> };

interface Held<T> {
  index: number;
  entry: T;
  data: Bytes;
}
/** What the entries in one log have shown. */
interface Seen {
  origin: string;
  attempts: Map<number, Attempt>;
  outcomes: Map<number, string>;
  continued: Held<Continued> | null;
  closing: Held<Closing> | null;
}
const beganAfter = (seen: Seen): number => seen.continued?.entry.attempts ?? 0;
const numbersOf = (seen: Seen): number[] => [...seen.attempts.values()].map((a) => a.number);

export function checkCase(papers: Papers, trust: Trust | null, findings: Findings): void {
  const where = papers.sidecars.caseExport;
  const data = papers.get(where);
  if (!data) return;
  const read = attemptTo(() => {
    const value = parse(data, where, LIMIT);
    const found = isObject(value) && value["format"] === "markseal-case/2" ? shape2(value, where) : { ...shape(value, where), former: [] };
    const parts: Part[] = [...found.former, found];
    return { found, parts, heads: parts.map((one) => headOf(one, trust, where)) };
  });
  if ("fault" in read) {
    findings.fault(CLAIM, where, read.fault);
    return;
  }
  const { found, parts, heads } = read.value;
  const tag = caseTag(found.case_salt, found.case);
  const logs = parts.map((one, at) => follow(one, heads[at] as Checkpoint, tag, trust, where, findings));
  checkLogs(logs, where, trust, findings);
  checkNumbers(logs, where, findings);
  for (const seen of logs) checkStatements(seen, where, trust, findings);
  close(logs, found.case, where, trust, findings);
  for (const which of ["attempt", "outcome"] as const) {
    const name = papers.sidecars.entry(which);
    const own = papers.get(name);
    if (own && !parts.some((one) => one.entries.some((row) => equal(utf8(row.entry), own)))) {
      findings.invalid(CLAIM, where, `It does not have ${name}.`, `其中没有 ${name}。`);
    }
  }
  const note = parseNote(utf8(found.checkpoint), where);
  if (trust?.require.includes("witness") && checkpointOf(papers)?.note.text !== note.text) checkCosigned(note, where, trust, null, findings, where);
}

/** The checkpoint of a part, signed by a trusted log; of a succeeded one within its end. */
function headOf(one: Part, trust: Trust | null, where: string): Checkpoint {
  if (one.entries.some((row, at) => at > 0 && row.index <= (one.entries[at - 1]?.index ?? -1))) {
    throw new Fault(`${where}: its entries are not in order.`, `${where}：条目未按序号排列。`);
  }
  const note = utf8(one.checkpoint);
  const log = trust ? logNamed(trust, parseCheckpoint(parseNote(note, where).text, where).origin) : null;
  const { checkpoint } = readCheckpoint(note, log?.key ?? null, where);
  const end = log?.untilSize ?? null;
  if (end !== null && (checkpoint.size > end || (checkpoint.size === end && toHex(checkpoint.root) !== log?.untilRoot))) {
    throw new Fault(
      `${where}: the log ${checkpoint.origin} ended with ${end} entries, and this checkpoint is another.`,
      `${where}：日志 ${checkpoint.origin} 止于 ${end} 条，此检查点与之不符。`,
    );
  }
  return checkpoint;
}

function follow(one: Part, checkpoint: Checkpoint, tag: string, trust: Trust | null, where: string, findings: Findings): Seen {
  const seen: Seen = { origin: checkpoint.origin, attempts: new Map(), outcomes: new Map(), continued: null, closing: null };
  for (const row of one.entries) {
    const entry = utf8(row.entry);
    const taken = attemptTo(() => {
      checkInclusion(leafHash(entry), row.index, checkpoint.size, row.hashes, checkpoint.root);
      if (trust) requireInHand(logNamed(trust, checkpoint.origin), row.index, entry);
      take(row.index, entry, tag, seen);
    });
    if ("fault" in taken) {
      const { en, zh } = taken.fault;
      findings.invalid(CLAIM, `${where}: entry ${row.index}`, `Entry ${row.index}: ${en}`, `第 ${row.index} 条：${zh}`);
    }
  }
  return seen;
}

/** Take in one entry; a fault when it is not of this case, or has no place in it. */
function take(index: number, data: Bytes, tag: string, seen: Seen): void {
  const entry = parseEntry(data, "It");
  if (!("case_tag" in entry) || entry.case_tag !== tag) throw new Fault("it is not of this case.", "不属于本案件。");
  if (seen.closing) throw new Fault("it stands after the closing of the case.", "位于结案条目之后。");
  if (entry.kind === "continued") {
    if (seen.attempts.size || seen.continued) throw new Fault("the case has entries before it.", "该案件此前已有条目。");
    seen.continued = { index, entry, data };
  } else if (entry.kind === "closing") seen.closing = { index, entry, data };
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

/** The logs follow one another as the trust folder has them, and only the first begins at 1. */
function checkLogs(logs: Seen[], where: string, trust: Trust | null, findings: Findings): void {
  const ages = trust ? agesOf(trust) : [];
  const places = logs.map((seen) => ages.indexOf(seen.origin));
  if (trust && places.some((place, at) => place < 0 || (at > 0 && place <= (places[at - 1] as number)))) {
    findings.invalid(CLAIM, where, "Its logs do not follow one another as the trust folder has them.", "其中各日志的先后与信任文件夹不符。");
  }
  logs.slice(1).forEach((seen, at) => {
    const before = logs[at] as Seen;
    const known = Math.max(beganAfter(before), ...numbersOf(before));
    if (before.closing || beganAfter(seen) < known) {
      findings.invalid(
        CLAIM, where,
        `The case goes on in the log ${seen.origin} after number ${beganAfter(seen)}, which does not fit the log before it (${known} attempts${before.closing ? ", closed" : ""}).`,
        `案件在日志 ${seen.origin} 自第 ${beganAfter(seen)} 次之后延续，与前一日志（${known} 次尝试${before.closing ? "，已结案" : ""}）不符。`,
      );
    }
  });
}

function checkNumbers(logs: Seen[], where: string, findings: Findings): void {
  const numbers = logs.flatMap(numbersOf);
  const there = new Set(numbers);
  const twice = new Set(numbers.filter((number, at) => numbers.indexOf(number) !== at));
  for (const number of [...twice].sort((a, b) => a - b)) {
    findings.invalid(CLAIM, where, `The attempt number ${number} occurs more than once.`, `第 ${number} 次尝试的编号出现不止一次。`);
  }
  const last = logs[logs.length - 1] as Seen;
  const most = Math.max(beganAfter(last) + (last.closing?.entry.attempts ?? 0), 0, ...there);
  let named = 0;
  for (let number = 1; number <= most && named < NAMED; number++) {
    if (there.has(number)) continue;
    named++;
    const gap = gapOf(logs, number);
    if (gap) {
      findings.unchecked(
        CLAIM,
        `The attempt number ${number} was in the log ${gap.old_origin}, of which ${gap.old_size} entries are in hand.`,
        `第 ${number} 次尝试曾在日志 ${gap.old_origin}，该日志现存 ${gap.old_size} 条。`, where,
      );
    } else findings.invalid(CLAIM, where, `The attempt number ${number} is missing.`, `缺少第 ${number} 次尝试。`);
  }
}

/** The entry that continues the case after a number which no log before it has any more. */
function gapOf(logs: Seen[], number: number): Continued | null {
  for (let at = logs.length - 1; at >= 0; at--) {
    const { continued } = logs[at] as Seen;
    const known = Math.max(0, ...logs.slice(0, at).flatMap(numbersOf));
    if (continued && number <= continued.entry.attempts && number > known) return continued.entry;
  }
  return null;
}

/** The signatures of what continues or closes the case in one log. */
function checkStatements(seen: Seen, where: string, trust: Trust | null, findings: Findings): void {
  for (const [held, en, zh] of [[seen.continued, "continuing", "延续"], [seen.closing, "closing", "结案"]] as const) {
    if (!held || !trust) continue;
    const { entry, index, data } = held;
    const signer = signerNamed(trust, entry.signer);
    const signed = signer.digest === entry.signer && verifies(entry.signature, without(data, where, "signature"), signer.key);
    const late = (signer.revoked !== null && entry.time >= signer.revoked) || afterRevocation(trust, signer, seen.origin, index);
    if (!signed) findings.invalid(CLAIM, where, `The ${en} entry is not signed by a trusted signer's key.`, `${zh}条目不是由可信签名密钥签名的。`);
    else if (late) findings.invalid(CLAIM, where, `The ${en} entry: its key was revoked before.`, `${zh}条目：其密钥此前已吊销。`);
  }
}

function close(logs: Seen[], name: string, where: string, trust: Trust | null, findings: Findings): void {
  const last = logs[logs.length - 1] as Seen;
  const of = (some: Seen[], kind: string): number => some.flatMap((one) => [...one.outcomes.values()]).filter((k) => k === kind).length;
  const attempts = logs.reduce((sum, one) => sum + one.attempts.size, 0);
  if (!last.closing) {
    findings.facts["case_export"] = { attempts, closed: null };
    findings.unchecked(CLAIM, `The case ${name} is not closed: later attempts may follow.`, `案件 ${name} 尚未结案：其后仍可能有新的尝试。`, where);
    return;
  }
  const { index, entry } = last.closing;
  const kinds = ["sealed", "failed", "nothing_found"] as const;
  if (entry.attempts !== last.attempts.size || kinds.some((kind) => entry[kind] !== of([last], kind))) {
    findings.invalid(CLAIM, where, "The closing entry counts other attempts and outcomes than these.", "结案条目所计的尝试与结果数与此处不同。");
  }
  const [sealed, failed, nothing_found] = kinds.map((kind) => of(logs, kind)) as [number, number, number];
  findings.facts["case_export"] = { attempts, sealed, failed, nothing_found, closed: s.formatTime(entry.time), index };
  if (!trust) {
    findings.unchecked(CLAIM, "The closing entry was not checked against a trusted key.", "结案条目未用可信密钥核查。", where);
    return;
  }
  findings.valid(
    CLAIM,
    `The case was closed with ${counted(attempts, "attempt", "attempts")}: ${sealed} sealed, ${failed} failed, ${nothing_found} without a page; every one is here.`,
    `案件已结案，共 ${attempts} 次尝试：封装 ${sealed}、失败 ${failed}、无页面 ${nothing_found}；各条目齐全。`,
  );
}
