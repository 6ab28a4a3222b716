// NAME.renewal.json: do the tokens still prove their time today (RFC 4998, section 5)?
import { type Bytes, concat, equal } from "./bytes";
import type { Certificate } from "./certificate";
import { digest, rehash, type Rehashed } from "./digests";
import { attemptTo, Fault } from "./fault";
import { type Json, type JsonObject, parse, printed } from "./json";
import * as names from "./names";
import type { Papers } from "./papers";
import * as s from "./shape";
import { digestOf } from "./signatures";
import { Memory, type Source } from "./source";
import type { Stamp } from "./stamps";
import { checkAnswers, parseRequest, parseToken, type Token, verifyToken } from "./token";
import { type Authority, neededTokens, type Trust } from "./trust";
import type { Findings } from "./verdict";

const CLAIM = "timestamp";
const hex128: s.Kind<string> = (value, noun) => {
  if (typeof value !== "string" || !/^[0-9a-f]{128}$/.test(value)) throw new Fault(`${noun} has the wrong form.`, `${noun} 的形式不对。`);
  return value;
};
const bare = { authority: s.authority, algorithm: s.word("sha256", "sha512"), request: s.base64(), response: s.base64() };
const kept = s.list(s.exactly({ kind: s.word("crl", "ocsp"), data: s.base64() }), 1, 8);
interface Stamped {
  authority: string;
  algorithm: string;
  request: Bytes;
  response: Bytes;
  /** That day's revocation data of the token's certificates. */
  revocation: { kind: string; data: Bytes }[];
}
const stamped: s.Kind<Stamped> = (value, noun) => {
  if (!s.object(value, noun)["revocation"]) return { ...s.exactly(bare)(value, noun), revocation: [] };
  return s.exactly({ ...bare, revocation: kept })(value, noun);
};
const digests = { size: s.integer, sha512: hex128, sm3: s.hex64 };
const simple = s.exactly({ kind: s.word("timestamp"), token: stamped });
const tree = s.exactly({
  kind: s.word("hash_tree"), files: s.list(s.exactly({ name: s.string, ...digests }), 1), tokens: s.exactly(digests), token: stamped,
});
type Tree = ReturnType<typeof tree>;
interface Renewal {
  kind: "timestamp" | "hash_tree";
  token: Stamped;
  tree: Tree | null;
  /** What its token is over, of a hash tree: canonical JSON without `token`. */
  data: Bytes | null;
}

/** A token that a trusted authority answers for, and until when each part of it counts. */
export interface Vouch {
  where: string;
  authority: string;
  time: number;
  /** 0 for a first token, else the number of its renewal. */
  number: number;
  /** Over the data itself (a first token, a hash tree), not over tokens alone. */
  data: boolean;
  covered: boolean;
  over: string;
  signedUntil: number;
  boundUntil: number;
}

export function vouchOf(stamp: { token: Token; path: Certificate[] }, authority: Authority, where: string, number: number, trust: Trust): Vouch {
  const { token, path } = stamp;
  const below = path.filter((c) => !authority.certificates.some((known) => equal(known.bytes, c.bytes)));
  const signing = [token.signer.digest, ...(below.length ? below : path.slice(0, 1)).map((c) => digestOf(c.algorithm, null))];
  const weak = signing.flatMap((name) => (name && trust.weak.has(name) ? [(trust.weak.get(name) as number) - 1] : []));
  const over = token.imprint.algorithm;
  const overWeak = trust.weak.get(over);
  return {
    where, authority: authority.name, time: token.time, number, data: true, covered: true, over,
    signedUntil: Math.min(...path.map((c) => c.notAfter), ...weak),
    boundUntil: overWeak === undefined ? Infinity : overWeak - 1,
  };
}

/** The tokens that stand at `now`: by themselves, or through a later one that covers them and stands. */
function standing(vouches: Vouch[], now: number): Vouch[] {
  const found: Vouch[] = [];
  for (const vouch of [...vouches].sort((a, b) => b.number - a.number)) {
    const later = found.filter((one) => one.number > vouch.number && vouch.covered);
    const again = vouch.data ? later.filter((one) => one.data) : later;
    const holds = (until: number, by: Vouch[]): boolean => now <= until || by.some((one) => one.time <= until);
    if (holds(vouch.signedUntil, later) && holds(vouch.boundUntil, again)) found.push(vouch);
  }
  return found;
}

function enough(vouches: Vouch[], now: number, wanted: number): boolean {
  const good = standing(vouches, now);
  const alone = new Set(good.filter((one) => now <= Math.min(one.signedUntil, one.boundUntil)).map((one) => one.authority));
  return good.filter((one) => one.number === 0).length >= wanted && alone.size >= wanted;
}

export function parseRenewals(data: Bytes, where: string): { tokens: string[]; renewals: Renewal[] } {
  const value = parse(data, where, 64 << 20);
  const outer = s.exactly({ format: s.word("markseal-renewal/1", "markseal-renewal/2"), tokens: s.list(s.string, 1), renewals: s.list(s.object, 1, 200) })(value, where);
  const sorted = (list: string[]): boolean => list.every((name, at) => at === 0 || (list[at - 1] as string) < name);
  if (!sorted(outer.tokens) || !outer.tokens.every((name) => names.isAuthority(name.replace(/^checkpoint\./, "")))) {
    throw new Fault(`${where}: tokens are not names in order.`, `${where}：tokens 不是按序的名称。`);
  }
  const renewals = outer.renewals.map((row, at) => {
    const noun = `${where}: renewal ${at + 1}`;
    if (row["kind"] === "timestamp") return { kind: "timestamp" as const, token: simple(row, noun).token, tree: null, data: null };
    const found = tree(row, noun);
    if (!sorted(found.files.map((file) => file.name))) throw new Fault(`${where}: files are not in order.`, `${where}：files 未按名称排序。`);
    return { kind: "hash_tree" as const, token: found.token, tree: found, data: dataOf(row) };
  });
  const format = renewals.some((one) => one.token.revocation.length) ? "markseal-renewal/2" : "markseal-renewal/1";
  if (outer.format !== format) throw new Fault(`${where} is not of format ${format}.`, `${where} 的格式不是 ${format}。`);
  return { tokens: outer.tokens, renewals };
}

function dataOf(row: JsonObject): Bytes {
  return printed(Object.fromEntries(Object.entries(row).filter(([key]) => key !== "token")));
}

/** What of the exhibit is here, to be hashed again. */
export type Again = (name: string) => Source | null;

/** Check every renewal, and whether the claims that rest on tokens and digests still stand. */
export function checkRenewal(papers: Papers, stamps: Stamp[], trust: Trust | null, again: Again, now: number, findings: Findings): void {
  const where = papers.sidecars.renewal;
  const data = papers.get(where);
  const read = data ? attemptTo(() => parseRenewals(data, where)) : null;
  if (read && "fault" in read) findings.fault(CLAIM, where, read.fault);
  const parsed = read && "value" in read ? read.value : null;
  const told: Json[] = [];
  if (!trust) {
    for (const one of parsed?.renewals ?? []) told.push(tell(one, null));
    if (told.length) findings.facts["renewals"] = told;
    return;
  }
  const vouches = stamps.flatMap((stamp) => {
    const authority = trust.authorities.find((a) => a.name === stamp.authority);
    if (!authority) return [];
    const vouch = vouchOf(stamp, authority, papers.sidecars.response(stamp.authority), 0, trust);
    return [{ ...vouch, covered: parsed?.tokens.includes(stamp.authority) ?? false }];
  });
  if (parsed) checkAll(parsed, papers, trust, again, vouches, told, findings);
  if (told.length) findings.facts["renewals"] = told;
  conclude(vouches, trust, where, now, findings);
}

function tell(one: Renewal, vouch: Vouch | null): Json {
  const stated = { kind: one.kind, authority: one.token.authority, algorithm: one.token.algorithm };
  return vouch ? { ...stated, trusted: true, time: s.formatTime(vouch.time) } : { ...stated, trusted: false };
}

function checkAll(parsed: { tokens: string[]; renewals: Renewal[] }, papers: Papers, trust: Trust, again: Again, vouches: Vouch[], told: Json[], findings: Findings): void {
  const where = papers.sidecars.renewal;
  const responses = parsed.tokens.flatMap((name) => papers.get(`${papers.sidecars.name}.${name}.tsr`) ?? []);
  if (responses.length !== parsed.tokens.length) {
    findings.unchecked(CLAIM, `${where} renews tokens that are not here.`, `${where} 所续期的时间戳不在此处。`, where);
    return;
  }
  let latest = Math.max(-Infinity, ...vouches.map((one) => one.time));
  for (const [at, one] of parsed.renewals.entries()) {
    const number = at + 1;
    const earlier = concat(...responses, ...parsed.renewals.slice(0, at).map((r) => r.token.response));
    const found = attemptTo(() => {
      if (one.tree) checkFiles(one.tree, papers, again, earlier);
      return checkOne(one, one.data ?? earlier, number, trust, where);
    });
    if ("fault" in found) {
      findings.invalid(CLAIM, where, `Renewal ${number}: ${found.fault.en}`, `第 ${number} 次续期：${found.fault.zh}`);
      return;
    }
    const vouch = found.value;
    told.push(tell(one, vouch));
    if (!vouch) continue;
    if (vouch.time < latest) {
      findings.invalid(CLAIM, where, `Renewal ${number} is older than a token that it renews.`, `第 ${number} 次续期早于其所续期的时间戳。`);
      return;
    }
    latest = vouch.time;
    vouches.push(vouch);
  }
}

function checkOne(one: Renewal, covered: Bytes, number: number, trust: Trust, where: string): Vouch | null {
  const token = parseToken(one.token.response, where);
  if (token.imprint.algorithm !== one.token.algorithm || !equal(token.imprint.digest, digest(one.token.algorithm, covered))) {
    throw new Fault("its token is over something else than what it renews.", "其时间戳针对的不是所续期的内容。");
  }
  const request = attemptTo(() => parseRequest(one.token.request));
  if ("fault" in request) throw new Fault("its request is not exactly one.", "其请求不恰是一份时间戳请求。");
  checkAnswers(request.value, token);
  const authority = trust.authorities.find((a) => a.name === one.token.authority);
  if (!authority) return null;
  const path = verifyToken(token, authority);
  return { ...vouchOf({ token, path }, authority, where, number, trust), data: one.kind === "hash_tree" };
}

const differs = (a: Rehashed, b: Rehashed): boolean => a.size !== b.size || a.sha512 !== b.sha512 || a.sm3 !== b.sm3;

function checkFiles(one: Tree, papers: Papers, again: Again, earlier: Bytes): void {
  const { sidecars } = papers;
  const due = [names.MANIFEST, sidecars.wacz, sidecars.entry("attempt"), sidecars.proof("attempt"), sidecars.entry("outcome"), sidecars.proof("outcome")];
  for (const name of due) {
    if (!one.files.some((file) => file.name === name)) throw new Fault(`it does not cover ${name}.`, `未涵盖 ${name}。`);
  }
  for (const file of one.files) {
    const source = again(file.name);
    if (source && differs(rehash(source), file)) {
      throw new Fault(`${file.name} is not the file that was hashed again (SHA-512 or SM3 differ).`, `${file.name} 与续期时重新计算的摘要不符（SHA-512 或 SM3 不同）。`);
    }
  }
  if (differs(rehash(new Memory(earlier)), one.tokens)) {
    throw new Fault("it names other earlier tokens than these.", "所指的先前时间戳与现有的不符。");
  }
}

function conclude(vouches: Vouch[], trust: Trust, where: string, now: number, findings: Findings): void {
  const first = vouches.filter((one) => one.number === 0);
  const wanted = neededTokens(trust, first.map((one) => one.time));
  const renewed = vouches.some((one) => one.number > 0);
  const day = (micros: number): string => s.formatTime(micros).slice(0, 10);
  if (first.length >= wanted && !enough(vouches, now, wanted)) {
    const good = standing(vouches, now);
    for (const one of first.filter((v) => !good.includes(v))) {
      if (now > one.signedUntil) {
        findings.unchecked(
          CLAIM,
          `The certificates of ${one.authority} count until ${day(one.signedUntil)} only; no token that still stands renewed this one before.`,
          `${one.authority} 的证书仅在 ${day(one.signedUntil)} 前有效；在此之前没有仍然成立的续期时间戳。`, one.where,
        );
      } else {
        findings.unchecked(
          CLAIM,
          `The trust policy declares ${one.over.toUpperCase()} weak from ${day(one.boundUntil + 1)}, and the data was not hashed and stamped again before.`,
          `信任策略声明自 ${day(one.boundUntil + 1)} 起不再信赖 ${one.over.toUpperCase()}，而此前未对数据重新计算摘要并加盖时间戳。`, one.where,
        );
      }
    }
    findings.unchecked("order", "The times rest on tokens that no longer count.", "各时间所依据的时间戳已不再有效。");
    findings.unchecked(
      CLAIM,
      `Fewer than ${wanted} authorities still answer for the time on ${day(now)}; nothing renewed the tokens in time.`,
      `至 ${day(now)}，仍能证明该时间的机构不足 ${wanted} 家；时间戳未及时续期。`, renewed ? where : null,
    );
  }
  if (renewed) {
    const moments = vouches.flatMap((one) => [one.signedUntil, one.boundUntil]).filter((m) => enough(vouches, m, wanted));
    const limit = Math.max(-Infinity, ...moments);
    if (Number.isFinite(limit)) findings.facts["renew_before"] = s.formatTime(limit);
  }
  const again = standing(vouches, now).filter((one) => one.number > 0 && one.data);
  for (const [claim, algorithms] of [["inclusion", ["sha256"]], ["manifest", ["sha256", "sm3"]]] as const) {
    const end = Math.max(...algorithms.map((name) => trust.weak.get(name) ?? Infinity));
    if (now < end || again.some((one) => one.time < end)) continue;
    const shown = algorithms.map((name) => name.toUpperCase()).join(", ");
    findings.unchecked(
      claim,
      `The trust policy declares ${shown} weak from ${day(end)}, and no renewal hashed the files again before.`,
      `信任策略声明自 ${day(end)} 起不再信赖 ${shown}，而此前未重新计算各文件的摘要。`,
    );
  }
}

