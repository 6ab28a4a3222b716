// The claims `timestamp` and `order`: tokens over the manifest, and the sequence of all times.
import { type Bytes, equal } from "./bytes";
import type { Certificate } from "./certificate";
import { counted } from "./counted";
import { digest } from "./digests";
import { attemptTo, Fault } from "./fault";
import type { Json } from "./json";
import type { Logged } from "./log";
import { checkpointOf } from "./log";
import * as names from "./names";
import { stampedPart } from "./note";
import type { Package } from "./package";
import type { Papers } from "./papers";
import { type Attempt, attemptImprint } from "./records";
import { formatTime } from "./shape";
import { checkAnswers, parseRequest, parseToken, type Token, verifyToken } from "./token";
import { neededTokens, type Trust } from "./trust";
import type { Findings } from "./verdict";

const CLAIM = "timestamp";

/** A token over the manifest that a trusted authority answers for. */
export interface Stamp {
  authority: string;
  token: Token;
  path: Certificate[];
}

/** The tokens over the manifest: those proved, and those of which no trusted authority is known. */
export interface Stamps {
  proved: Stamp[];
  pending: { where: string; en: string; zh: string }[];
}

/** Check every token over the manifest (without it: over its SHA-256). */
export function readStamps(papers: Papers, manifest: Bytes | null, sha256: Bytes | null, trust: Trust | null, findings: Findings): Stamps {
  const proved: Stamp[] = [];
  const pending: Stamps["pending"] = [];
  const facts: Json[] = [];
  for (const name of papers.tokens) {
    const where = papers.sidecars.response(name);
    const asked = papers.sidecars.request(name);
    const request = papers.get(asked);
    if (!request) {
      findings.unchecked(CLAIM, `${asked} is not there.`, `没有 ${asked}。`, asked);
      continue;
    }
    const parsed = attemptTo(() => parseRequest(request));
    if ("fault" in parsed) {
      findings.invalid(CLAIM, asked, `${asked} is not exactly one request.`, `${asked} 不恰是一份时间戳请求。`);
      continue;
    }
    const found = attemptTo(() => {
      const token = parseToken(papers.get(where) as Bytes, where);
      const answers = attemptTo(() => checkAnswers(parsed.value, token));
      if ("fault" in answers) {
        findings.fault(CLAIM, asked, answers.fault);
        throw answers.fault;
      }
      const due = dueOf(token, manifest, sha256);
      if (due && !equal(due, token.imprint.digest)) {
        throw new Fault(`${where} is over another digest than that of ${names.MANIFEST}.`, `${where} 针对的不是 ${names.MANIFEST} 的摘要。`);
      }
      const authority = trust?.authorities.find((a) => a.name === name);
      const path = authority && due ? verifyToken(token, authority) : null;
      return { token, path, trial: authority?.trial ?? null };
    });
    if ("fault" in found) {
      findings.fault(CLAIM, where, found.fault);
      continue;
    }
    const { token, path, trial } = found.value;
    const stated = { authority: name, time: formatTime(token.time), trusted: path !== null };
    facts.push(path ? { ...stated, trial } : stated);
    if (path) proved.push({ authority: name, token, path });
    else pending.push({ where, en: `The token of ${name} was not checked: no trusted certificate for it.`, zh: `未核查 ${name} 的时间戳：没有其可信证书。` });
  }
  if (facts.length) findings.facts["tokens"] = facts;
  return { proved, pending };
}

/** What a token has to be over. Of an erased manifest only the SHA-256 is known; another digest is taken at its word. */
function dueOf(token: Token, manifest: Bytes | null, sha256: Bytes | null): Bytes | null {
  if (manifest) return digest(token.imprint.algorithm, manifest);
  return sha256 && token.imprint.algorithm !== "sha256" ? token.imprint.digest : sha256;
}

/** Say whether enough was proved. */
export function concludeStamps({ proved, pending }: Stamps, trust: Trust | null, findings: Findings): void {
  const wanted = trust ? neededTokens(trust, proved.map((p) => p.token.time)) : 1;
  if (trust && proved.length >= wanted) {
    const first = formatTime(Math.min(...proved.map((p) => p.token.time)));
    findings.valid(CLAIM, `${counted(proved.length, "trusted token", "trusted tokens")} over the manifest: it existed by ${first}.`, `清单有 ${proved.length} 枚可信时间戳：不晚于 ${first} 已存在。`);
    return;
  }
  for (const { where, en, zh } of pending) findings.unchecked(CLAIM, en, zh, where);
  findings.unchecked(CLAIM, `${proved.length} of ${wanted} required trusted tokens were found.`, `要求 ${wanted} 枚可信时间戳，得到 ${proved.length} 枚。`);
}

/** Times that bound the entries from outside: the attempt's own token, those over the checkpoint. */
interface Bounds {
  attempt: number | null;
  checkpoint: number | null;
}

function checkBounds(papers: Papers, attempt: Attempt | null, trust: Trust | null, findings: Findings): Bounds {
  return { attempt: attemptBound(papers, attempt, trust, findings), checkpoint: checkpointBound(papers, trust, findings) };
}

function attemptBound(papers: Papers, attempt: Attempt | null, trust: Trust | null, findings: Findings): number | null {
  if (attempt?.no_token) findings.facts["not_earlier_than"] = { no_token: attempt.no_token };
  if (!attempt?.token) return null;
  const { authority: name, response } = attempt.token;
  const where = papers.sidecars.entry("attempt");
  const found = attemptTo(() => {
    const token = parseToken(response, where);
    if (!equal(token.imprint.digest, digest(token.imprint.algorithm, attemptImprint(attempt)))) {
      throw new Fault("The token in the attempt's entry is over another digest.", "尝试条目中的时间戳针对的是另一摘要。");
    }
    const authority = trust?.authorities.find((a) => a.name === name);
    if (authority) verifyToken(token, authority);
    return { token, authority };
  });
  if ("fault" in found) {
    findings.fault("order", where, found.fault);
    return null;
  }
  const { token, authority } = found.value;
  const stated = { authority: name, time: formatTime(token.time), trusted: authority !== undefined };
  findings.facts["not_earlier_than"] = authority ? { ...stated, trial: authority.trial } : stated;
  return authority ? token.time : null;
}

function checkpointBound(papers: Papers, trust: Trust | null, findings: Findings): number | null {
  const facts: Json[] = [];
  const times: number[] = [];
  const head = checkpointOf(papers);
  for (const file of papers.files.keys()) {
    const what = papers.sidecars.kindOf(file);
    const response = file.replace(/q$/, "r");
    if (what?.kind === "checkpoint" && what.part === "tsq" && !papers.get(response)) {
      findings.invalid("order", file, `${file} is there without ${response}.`, `有 ${file} 而无 ${response}。`);
    }
  }
  for (const name of papers.checkpointTokens) {
    const where = `${papers.sidecars.name}.checkpoint.${name}.tsr`;
    const asked = `${papers.sidecars.name}.checkpoint.${name}.tsq`;
    const request = papers.get(asked);
    const found = attemptTo(() => {
      const token = parseToken(papers.get(where) as Bytes, where);
      const parsed = attemptTo(() => parseRequest(request ?? new Uint8Array(0)));
      if ("fault" in parsed) throw new Fault(`${asked} is not exactly one request.`, `${asked} 不恰是一份时间戳请求。`);
      checkAnswers(parsed.value, token);
      if (!head) throw new Fault("There is no checkpoint that it could be over.", "没有它所针对的检查点。");
      if (!equal(token.imprint.digest, digest(token.imprint.algorithm, stampedPart(head.note)))) {
        throw new Fault(`${where} is over another digest than that of the checkpoint.`, `${where} 针对的不是该检查点的摘要。`);
      }
      const authority = trust?.authorities.find((a) => a.name === name);
      if (authority) verifyToken(token, authority);
      return { token, authority };
    });
    if ("fault" in found) {
      findings.fault("order", where, found.fault);
      continue;
    }
    const { token, authority } = found.value;
    const trusted = authority !== undefined;
    const stated = { authority: name, time: formatTime(token.time), trusted };
    facts.push(trusted ? { ...stated, trial: authority.trial } : stated);
    if (trusted) times.push(token.time);
  }
  if (facts.length) findings.facts["checkpoint_tokens"] = facts;
  return times.length ? Math.min(...times) : null;
}

/** Attempt, capture, tokens and outcome follow one another, each stated by who knows it. */
export function checkOrder(pack: Package, papers: Papers, logged: Logged, stamps: Stamp[], trust: Trust | null, findings: Findings): void {
  const bounds = checkBounds(papers, logged.attempt, trust, findings);
  const slack = (trust?.clockBound ?? 300) * 1e6;
  const { manifest } = pack;
  const { attempt, outcome } = logged;
  if (!manifest || !attempt || !outcome || !stamps.length) {
    findings.unchecked("order", "Some of the times are not there or not proved.", "有的时间缺失或未经证明。");
    return;
  }
  const times = stamps.map((s) => s.token.time);
  const steps: [string, string, number, number][] = [
    ["attempt", "尝试", attempt.time, slack],
    ["start of the capture", "固证开始", manifest.captured.started, 0],
    ["end of the capture", "固证结束", manifest.captured.finished, 0],
    ["first token", "首枚时间戳", Math.min(...times), slack],
    ["last token", "末枚时间戳", Math.max(...times), 0],
    ["outcome", "结果", outcome.time, slack],
  ];
  if (bounds.attempt !== null) steps.unshift(["token of the attempt", "尝试的时间戳", bounds.attempt, 0]);
  if (bounds.checkpoint !== null) steps.push(["first token over the checkpoint", "检查点的首枚时间戳", bounds.checkpoint, slack]);
  for (let at = 1; at < steps.length; at++) {
    const [en, zh, earlier] = steps[at - 1] as [string, string, number, number];
    const [nextEn, nextZh, later, allowed] = steps[at] as [string, string, number, number];
    if (earlier > later + allowed) {
      findings.invalid(
        "order", pack.archive.place(names.MANIFEST),
        `The ${nextEn} (${formatTime(later)}) is before the ${en} (${formatTime(earlier)}).`,
        `${nextZh}（${formatTime(later)}）早于${zh}（${formatTime(earlier)}）。`,
      );
    }
  }
  findings.valid(
    "order",
    `Attempt, capture, token and outcome follow one another (${formatTime(attempt.time)} to ${formatTime(outcome.time)}).`,
    `尝试、固证、时间戳、结果先后相继（${formatTime(attempt.time)} 至 ${formatTime(outcome.time)}）。`,
  );
}

