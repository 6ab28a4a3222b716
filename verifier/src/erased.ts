// An exhibit whose content was erased: what its sidecars still prove, and on which signed basis.
import { type Bytes, fromHex } from "./bytes";
import { sha256Hex } from "./digests";
import { verifies } from "./ed25519";
import { attemptTo, Fault } from "./fault";
import { type Json, parse } from "./json";
import { checkEnd, checkLeaf, checkpointOf, logOf, oneCheckpoint, originOf, type Placed, readPlaced } from "./log";
import { type Papers, papersBeside } from "./papers";
import { type Attempt, type Erasure, type Sealed, without } from "./records";
import { checkRenewal } from "./renewal";
import { checkRevocation } from "./revocation";
import * as s from "./shape";
import { concludeStamps, readStamps } from "./stamps";
import { afterRevocation, followed, logNamed, signerNamed, type Trust, type TrustedLog } from "./trust";
import { conclude, type Findings, type Line, type Verdict } from "./verdict";
import type { Given } from "./verify";
import { checkWitnesses } from "./witnesses";

const date: s.Kind<string> = (value, noun) => {
  const day = s.string(value, noun);
  if (s.parseTime(`${day}T00:00:00.000000Z`) === null) throw new Fault(`${noun} is not a date.`, `${noun} 不是日期。`);
  return day;
};
const shape = s.exactly({
  format: s.word("markseal-erasure-request/1"),
  capture_id: s.hex32,
  outcome: s.integer,
  package_sha256: s.hex64,
  basis: s.exactly({ code: s.code, title: s.string, article: s.string, from: date, status: s.string }),
  document_sha256: s.orNull(s.hex64),
  time: s.time,
  approvers: s.list(s.hex64, 2, 2),
  signer: s.hex64,
  signature: s.base64(64),
});
type Request = ReturnType<typeof shape>;

export function verifyErased(given: Given, trust: Trust | null, now: number, findings: Findings): Verdict {
  const name = given.name.slice(0, -".erasure.json".length);
  const papers = papersBeside(new Map([...given.beside, [given.name, given.source]]), name, findings);
  const log = trust ? logOf(papers, trust) : null;
  const head = checkpointOf(papers);
  if (log && head) checkEnd(log, head.checkpoint, papers.sidecars.proof("outcome"), findings);
  const key = log?.key ?? null;
  const attempt = readPlaced(papers, "attempt", key, findings);
  const outcome = readPlaced(papers, "outcome", key, findings);
  const place = trust ? logNamed(trust, originOf(papers, "erasure")) : null;
  const erasure = readPlaced(papers, "erasure", place?.key ?? null, findings);
  if (log && place && trust) checkLogs(log, place, erasure, papers, trust, findings);
  oneCheckpoint(papers, findings);
  checkWitnesses(papers, trust, outcome?.entry.kind === "sealed" ? outcome.entry.time : null, findings);
  bind(attempt, outcome, papers, findings);
  for (const claim of ["package", "manifest", "signature"] as const) {
    findings.unchecked(claim, "The content was erased.", "内容已删除。");
  }
  let trial = false;
  if (outcome?.entry.kind === "sealed") {
    findings.facts["manifest_sha256"] = outcome.entry.manifest_sha256;
    trial = checkTokens(papers, outcome.entry.manifest_sha256, trust, now, findings);
    if (erasure && key) {
      findings.valid(
        "inclusion",
        "Attempt, outcome and erasure are in the log under checkpoints signed by the trusted log key.",
        "尝试、结果与删除均在日志中，检查点由可信日志密钥签名。",
      );
    }
  }
  const request = checkRequest(papers, erasure, outcome, trust, findings);
  return conclude(given.name, findings, { trusted: trust !== null, trial, erased: headline(request) });
}

/** The erasure stands in the outcome's log, or in one that followed it and names that log. */
function checkLogs(log: TrustedLog, place: TrustedLog, erasure: Placed | null, papers: Papers, trust: Trust, findings: Findings): void {
  for (const which of ["attempt", "outcome"] as const) checkLeaf(log, papers, which, findings);
  if (!erasure) return;
  checkLeaf(place, papers, "erasure", findings);
  const stated = erasure.entry.kind === "erasure" ? erasure.entry.log : null;
  const [sealed, erased] = [log.key.name, place.key.name];
  const own = stated === null && sealed === erased;
  const later = stated === sealed && followed(trust, sealed, erased);
  if (!own && !later) {
    findings.invalid("inclusion", papers.sidecars.entry("erasure"), "The erasure is of an exhibit of another log than this.", "删除条目所指的证据在另一日志中。");
  }
}

function headline(request: Request | null): Line {
  if (!request) return { zh: "内容已删除；删除的依据未能核查", en: "ERASED: the content is gone; basis not checked" };
  const { code } = request.basis;
  const day = s.formatTime(request.time).slice(0, 10);
  return {
    zh: `内容已删除（${day}，依据：${code}）；其余各项见下；删除是否合法未予核查`,
    en: `ERASED: content erased on ${day}, basis ${code}; what is left is told below; that this was lawful is not checked`,
  };
}

function bind(attempt: Placed | null, outcome: Placed | null, papers: Papers, findings: Findings): void {
  if (!attempt || !outcome) return;
  const where = papers.sidecars.entry("outcome");
  const [first, second] = [attempt.entry, outcome.entry];
  if (first.kind !== "attempt" || second.kind !== "sealed") {
    findings.invalid("inclusion", where, "They are not attempt and outcome.", "不是尝试与结果条目。");
  } else if (!belong(first, second) || second.attempt !== attempt.index || outcome.index <= attempt.index) {
    findings.invalid("inclusion", where, "It is the outcome of another attempt.", "是另一次尝试的结果。");
  }
}

function belong(first: Attempt, second: Sealed): boolean {
  return second.capture_id === first.capture_id && second.case_tag === first.case_tag && second.number === first.number;
}

function checkTokens(papers: Papers, sha256: string, trust: Trust | null, now: number, findings: Findings): boolean {
  const stamps = readStamps(papers, null, fromHex(sha256), trust, findings);
  checkRenewal(papers, stamps.proved, trust, () => null, now, findings);
  concludeStamps(stamps, trust, findings);
  checkRevocation(papers, stamps.proved, trust, findings);
  const authorities = stamps.proved.map((one) => trust?.authorities.find((a) => a.name === one.authority));
  return authorities.length > 0 && authorities.every((a) => a?.trial === true);
}

function checkRequest(papers: Papers, placed: Placed | null, outcome: Placed | null, trust: Trust | null, findings: Findings): Request | null {
  const where = `${papers.sidecars.name}.erasure-request.json`;
  const data = papers.get(where);
  if (!placed || !data) {
    findings.unchecked("erasure", `${where}, or the entry, is not there.`, `缺少 ${where} 或删除条目。`);
    return null;
  }
  const found = attemptTo(() => {
    const request = shape(parse(data, where), where);
    if (placed.entry.kind !== "erasure") throw new Fault("It is not an erasure.", "不是删除条目。");
    checkSame(placed.entry, placed.index, outcome, request, data);
    if (trust) checkSigned(placed, placed.entry, request, data, where, trust, findings);
    else findings.unchecked("erasure", "The signatures on the erasure were not checked against a trusted key.", "删除条目与申请的签名未用可信密钥核查。");
    return request;
  });
  if ("fault" in found) {
    findings.fault("erasure", where, found.fault);
    return null;
  }
  const { basis, time, document_sha256 } = found.value;
  const day = s.formatTime(time).slice(0, 10);
  findings.facts["erasure"] = { index: placed.index, time: s.formatTime(time), basis: { ...basis } as Json, document_sha256 };
  findings.valid(
    "erasure",
    `The content was erased on ${day} on the signed basis ${basis.code} (${basis.title} ${basis.article}); that this was lawful is not checked.`,
    `内容已于 ${day} 删除，有签名的依据：${basis.code}（《${basis.title}》${basis.article}）；删除是否合法未予核查。`,
  );
  return found.value;
}

function checkSame(entry: Erasure, placed: number, outcome: Placed | null, request: Request, data: Bytes): void {
  const same =
    entry.basis_sha256 === sha256Hex(data) && entry.basis === request.basis.code && entry.outcome === request.outcome &&
    entry.package_sha256 === request.package_sha256 && entry.approvers.join() === request.approvers.join() &&
    request.approvers[0] !== request.approvers[1];
  if (!same) throw new Fault("The log names another request than this.", "日志所指的是另一份申请。");
  if (outcome?.entry.kind !== "sealed") return;
  const sealed = outcome.entry;
  if (outcome.index !== entry.outcome || sealed.package.sha256 !== entry.package_sha256 || sealed.capture_id !== request.capture_id) {
    throw new Fault("The erasure is of another exhibit than this.", "删除的是另一件证据。");
  }
  if (entry.log === null && placed <= outcome.index) {
    throw new Fault("The erasure stands before its outcome.", "删除条目排在其结果之前。");
  }
}

function checkSigned(placed: Placed, entry: Erasure, request: Request, data: Bytes, where: string, trust: Trust, findings: Findings): void {
  const signer = signerNamed(trust, entry.signer);
  const signed =
    entry.signer === signer.digest && request.signer === signer.digest &&
    verifies(entry.signature, without(placed.data, where, "signature"), signer.key) &&
    verifies(request.signature, without(data, where, "signature"), signer.key);
  if (!signed) throw new Fault("The erasure is not signed by a trusted signer's key.", "删除未由可信签名密钥签名。");
  const log = findings.facts["log"] as { [key: string]: Json } | undefined;
  if (afterRevocation(trust, signer, String(log?.["origin"]), placed.index)) {
    throw new Fault("The key that signed the erasure was revoked before it was logged.", "签署删除的密钥在删除记入日志之前已吊销。");
  }
  if (signer.revoked !== null) {
    findings.unchecked("erasure", "The key that signed the erasure was revoked later, and nothing proves its time.", "签署删除的密钥后来已吊销，而其签署时间未经证明。");
  } else if ((signer.from !== null && request.time < signer.from) || (signer.until !== null && request.time >= signer.until)) {
    findings.invalid("erasure", null, "The key that signed the erasure was not the signer's at that time.", "签署删除的密钥当时不是签名人所用密钥。");
  }
}

