// The claim `inclusion`: both entries in the log, and what they say of this very package.
import { type Bytes, equal, latin1, toHex } from "./bytes";
import { type Digests, sha256Hex, sm3Hex } from "./digests";
import { attemptTo, Fault } from "./fault";
import { checkInclusion, leafHash } from "./merkle";
import * as names from "./names";
import { type Checkpoint, checkLogSignature, type Key, type Note, parseCheckpoint, parseNote, parseProof } from "./note";
import type { Package } from "./package";
import type { Papers } from "./papers";
import { type Attempt, caseTag, type LogEntry, parseEntry, type Sealed, urlCommitment } from "./records";
import { formatTime } from "./shape";
import { logNamed, type Trust, type TrustedLog } from "./trust";
import type { Findings } from "./verdict";

const CLAIM = "inclusion";

export interface Placed {
  entry: LogEntry;
  data: Bytes;
  index: number;
}
export interface Logged {
  attempt: Attempt | null;
  outcome: Sealed | null;
}

/** The note and checkpoint of the exhibit's proofs, as far as they can be read. */
export function checkpointOf(papers: Papers): { note: Note; checkpoint: Checkpoint } | null {
  for (const which of ["outcome", "attempt"] as const) {
    const name = papers.sidecars.proof(which);
    const data = papers.get(name);
    const found = data && attemptTo(() => {
      const note = parseNote(parseProof(data, name).checkpoint, name);
      return { note, checkpoint: parseCheckpoint(note.text, name) };
    });
    if (found && "value" in found) return found.value;
  }
  return null;
}

/** The log that one proof names, as far as it can be read. */
export function originOf(papers: Papers, which: "attempt" | "outcome" | "erasure"): string | undefined {
  const name = papers.sidecars.proof(which);
  const data = papers.get(name);
  const found = data && attemptTo(() => parseCheckpoint(parseNote(parseProof(data, name).checkpoint, name).text, name).origin);
  return found && "value" in found ? found.value : undefined;
}

/** The trusted log that the proofs are of, else that of today. */
export function logOf(papers: Papers, trust: Trust): TrustedLog {
  return logNamed(trust, checkpointOf(papers)?.checkpoint.origin);
}

/** An entry of a log that was succeeded is the one that was in hand when that log ended. */
export function checkLeaf(log: TrustedLog, papers: Papers, which: "attempt" | "outcome" | "erasure", findings: Findings): void {
  const name = papers.sidecars.entry(which);
  const data = papers.get(name);
  const proof = papers.get(papers.sidecars.proof(which));
  const found = proof && attemptTo(() => parseProof(proof, name).index);
  if (!data || !found || !("value" in found)) return;
  const held = attemptTo(() => requireInHand(log, found.value, data));
  if ("fault" in held) findings.fault(CLAIM, name, held.fault);
}

export function requireInHand(log: TrustedLog, index: number, entry: Bytes): void {
  const due = log.leaves?.subarray(index * 32, index * 32 + 32);
  if (due?.length === 32 && !equal(due, leafHash(entry))) {
    throw new Fault(
      `It is not the entry ${index} that the log ${log.key.name} had when it ended.`,
      `这不是日志 ${log.key.name} 终止时的第 ${index} 条。`,
    );
  }
}

/** A log that was succeeded counts up to its known end. */
export function checkEnd(log: TrustedLog, checkpoint: Checkpoint, where: string, findings: Findings): void {
  if (log.untilSize === null) return;
  const beyond = checkpoint.size > log.untilSize;
  const other = checkpoint.size === log.untilSize && toHex(checkpoint.root) !== log.untilRoot;
  if (beyond || other) {
    findings.invalid(
      CLAIM, where,
      `The log ${checkpoint.origin} was succeeded; it is trusted up to its last known checkpoint only, and this is another.`,
      `日志 ${checkpoint.origin} 已由后继日志接替，仅在其最后已知检查点之前可信，而此检查点不在其中。`,
    );
  }
}

/** A checkpoint in a note, signed by its origin's key where one is given. */
export function readCheckpoint(data: Bytes, key: Key | null, noun: string): { note: Note; checkpoint: Checkpoint } {
  const note = parseNote(data, noun);
  if (key) checkLogSignature(note, key, noun);
  const checkpoint = parseCheckpoint(note.text, noun);
  if (note.signatures[0]?.name !== checkpoint.origin || (key && key.name !== checkpoint.origin)) {
    throw new Fault(`${noun}: its checkpoint is from another log.`, `${noun}：检查点来自另一日志。`);
  }
  return { note, checkpoint };
}

/** An entry that its proof places in the log, or null after noting why not. */
export function readPlaced(papers: Papers, which: "attempt" | "outcome" | "erasure", key: Key | null, findings: Findings): Placed | null {
  const name = papers.sidecars.entry(which);
  const proofName = papers.sidecars.proof(which);
  const data = papers.get(name);
  const proofData = papers.get(proofName);
  if (!data || !proofData) {
    const missing = data ? proofName : name;
    findings.unchecked(CLAIM, `${missing} is not there.`, `没有 ${missing}。`, missing);
    return null;
  }
  const entry = attemptTo(() => parseEntry(data, name));
  if ("fault" in entry) {
    findings.fault(CLAIM, name, entry.fault);
    return null;
  }
  const read = attemptTo(() => {
    const proof = parseProof(proofData, proofName);
    return { proof, ...readCheckpoint(proof.checkpoint, key, proofName) };
  });
  if ("fault" in read) {
    findings.fault(CLAIM, proofName, read.fault);
    return null;
  }
  const { proof, checkpoint } = read.value;
  findings.facts["log"] = { origin: checkpoint.origin, size: checkpoint.size, root: toHex(checkpoint.root) };
  const placed = attemptTo(() => checkInclusion(leafHash(data), proof.index, checkpoint.size, proof.hashes, checkpoint.root));
  if ("fault" in placed) {
    const { en, zh } = placed.fault;
    findings.invalid(CLAIM, name, `${name} against ${proofName}: ${en}`, `${name} 与 ${proofName}：${zh}`);
    findings.invalid(CLAIM, proofName, `${proofName}: ${en}`, `${proofName}：${zh}`);
    return null;
  }
  if (!key) {
    findings.unchecked(CLAIM, "The log's checkpoint was not checked against a trusted key.", "日志检查点未用可信密钥核查。");
  }
  return { entry: entry.value, data, index: proof.index };
}

/** Check both entries, their proofs, and what they say of this package. */
export function checkLog(pack: Package, papers: Papers, whole: Digests, key: Key | null, findings: Findings): Logged {
  const { sidecars } = papers;
  const first = readPlaced(papers, "attempt", key, findings);
  const second = readPlaced(papers, "outcome", key, findings);
  oneCheckpoint(papers, findings);
  const wrong = (where: string, en: string, zh: string): void => findings.invalid(CLAIM, where, en, zh);
  const attempt = first?.entry.kind === "attempt" ? first.entry : null;
  const outcome = second?.entry.kind === "sealed" ? second.entry : null;
  if (first && !attempt) wrong(sidecars.entry("attempt"), "It is not an attempt's entry.", "不是尝试条目。");
  if (second && !outcome) wrong(sidecars.entry("outcome"), "It is not the outcome of a sealed package.", "不是“已封装”的结果条目。");
  if (first && attempt) bindAttempt(pack, first, attempt, sidecars.entry("attempt"), findings);
  if (second && outcome) bindOutcome(pack, outcome, second, whole, sidecars.entry("outcome"), findings);
  if (first && attempt && second && outcome) {
    const same = attempt.capture_id === outcome.capture_id && attempt.case_tag === outcome.case_tag && attempt.number === outcome.number;
    if (!same || outcome.attempt !== first.index) {
      wrong(sidecars.entry("outcome"), "It is the outcome of another attempt.", "是另一次尝试的结果。");
    }
    if (second.index <= first.index) wrong(sidecars.entry("outcome"), "It stands before its attempt.", "排在其尝试之前。");
    if (key) {
      findings.valid(
        CLAIM,
        "Attempt and outcome are in the log under a checkpoint that the trusted log key signed, and name this capture, manifest and package.",
        "尝试与结果均在日志中，检查点由可信日志密钥签名，所指正是本次取证、清单与封装。",
      );
    }
  }
  return { attempt, outcome };
}

/** Attempt and outcome are proved against one checkpoint: two could be of two histories. */
export function oneCheckpoint(papers: Papers, findings: Findings): void {
  const [a, b] = (["attempt", "outcome"] as const).map((which) => papers.get(papers.sidecars.proof(which)));
  if (!a || !b) return;
  const tail = (data: Bytes): string => latin1(data).replace(/^[^]*?\n\n/, "");
  if (tail(a) !== tail(b)) {
    findings.invalid(CLAIM, papers.sidecars.proof("outcome"), "The two proofs are not against one checkpoint.", "两份证明所用的检查点不同。");
  }
}

function bindAttempt(pack: Package, placed: Placed, entry: Attempt, where: string, findings: Findings): void {
  const { manifest } = pack;
  const record = pack.contents.attempt;
  const digest = sha256Hex(placed.data);
  findings.facts["attempt"] = { index: placed.index, number: entry.number, time: formatTime(entry.time) };
  const names_ = (index: number, sha256: string, id: string): boolean =>
    index === placed.index && sha256 === digest && id === entry.capture_id;
  if (manifest && !names_(manifest.attempt.index, manifest.attempt.entry_sha256, manifest.capture_id)) {
    findings.invalid(CLAIM, where, "The manifest names another attempt's entry than this.", "清单所指的尝试条目不是这一条。");
  }
  if (!record) {
    findings.unchecked(CLAIM, "The attempt's tag and commitment could not be opened.", "未能核对尝试条目的案件标签与网址承诺。");
    return;
  }
  const inside = pack.archive.place(names.ATTEMPT);
  if (!names_(record.index, record.entry_sha256, record.capture_id)) {
    findings.invalid(CLAIM, inside, "It names another attempt's entry.", "所指的是另一尝试条目。");
  }
  if (manifest && record.url !== manifest.url) {
    findings.invalid(CLAIM, inside, "Its URL is not the manifest's.", "其网址与清单不同。");
  }
  const opens =
    caseTag(record.case_salt, record.case) === entry.case_tag &&
    urlCommitment(record.url_salt, record.url) === entry.url_commitment &&
    record.number === entry.number;
  if (!opens) {
    findings.invalid(CLAIM, inside, "Case, URL or number do not open the commitments in the log.", "案件、网址或编号与日志中的承诺不符。");
  }
  findings.facts["case"] = record.case;
  findings.facts["requested_by"] = record.requested_by;
}

function bindOutcome(pack: Package, entry: Sealed, placed: Placed, whole: Digests, where: string, findings: Findings): void {
  findings.facts["index"] = placed.index;
  findings.facts["outcome_time"] = formatTime(entry.time);
  const data = pack.manifestBytes;
  if (data && (entry.manifest_sha256 !== sha256Hex(data) || entry.manifest_sm3 !== sm3Hex(data))) {
    findings.invalid(CLAIM, pack.archive.place(names.MANIFEST), "The log names another manifest.", "日志所记的是另一份清单。");
  }
  const { size, sha256, sm3 } = entry.package;
  if (size !== whole.size || sha256 !== whole.sha256 || sm3 !== whole.sm3) {
    findings.invalid(CLAIM, pack.archive.label, `The log names another package than this (${where}).`, `日志所记的是另一个封装（${where}）。`);
  }
}

