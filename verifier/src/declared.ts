// What must be said before anything else: derived again from the capture's own records.
import { isObject, type Json, type JsonObject } from "./json";
import * as names from "./names";
import type { Line } from "./verdict";

const line = (zh: string, en: string): Line => ({ zh, en });

/** Code to sentence, the gravest first. */
const SENTENCES: { [code: string]: Line } = {
  bad_certificate: line("网站证书未通过验证，仍按声明取证", "the site's certificate did not verify; captured all the same, declared"),
  login: line("页面为登录页，不是所指的商品或店铺页面", "the page is a sign-in page, not the listing or shop that was asked for"),
  verification: line("页面为验证页（验证码、人机验证），不是所指的商品或店铺页面", "the page asks to prove a person, it is not the listing or shop that was asked for"),
  empty: line("页面没有内容", "the page is empty"),
  gone: line("页面所指内容已下架或不存在", "what the page was to show is gone"),
  "http-error": line("服务器以错误状态作答", "the server answered with an error"),
  byte_mismatch: line("浏览器两路记录的字节数不一致，详见 capture.json", "the browser's two records disagree on byte counts, see capture.json"),
  log_incomplete: line("连接中有不属于任何应答的字节，或浏览器网络日志有无法读懂之处，详见 capture.json", "bytes that belong to no answer, or a browser log not all readable; see capture.json"),
  redacted: line("取证时带有登录状态；交互记录中的凭据已等长遮盖，原文另行加密封存", "captured with a login; secrets in the exchanges are masked, the exact bytes encrypted"),
  decoded: line("交互记录为浏览器解码后的内容，不是线路上的原始字节", "the exchanges are as the browser decoded them, not the literal bytes of the wire"),
  attended: line("有人值守取证，由在场人员操作浏览器", "attended: a person used the browser"),
  limit: line("取证达到时间、字节、请求或高度上限，记录不完整", "a bound on time, bytes, requests or height was reached; the record is not whole"),
  no_licence: line("卖家亮照页面未能取得，原因见 capture.json", "the seller's licence page was asked for and not had, see capture.json for why"),
  review_failed: line("取证工具最近一次技术核查未通过", "the latest technical review of the capture tool did not pass"),
  sandbox_off: line("浏览器沙箱未启用（由设置关闭）", "the browser's sandbox was off (by setting)"),
  no_key_isolation: line("取证进程与密钥之间没有系统级隔离", "nothing in the system kept keys from the capturing process"),
  loopback_allowed: line("允许访问本机地址（演示或测试设置）", "addresses of this very machine were allowed (a setting for demo and tests)"),
  no_guard: line("未经出口守卫直接联网", "the capture did not go through the egress guard"),
};
const [MOST_STATED, LONGEST_STATED] = [200, 1000];
const MORE_STATED = line("其余声明见 capture.json", "for what else is declared see capture.json");
export const BAD_CERTIFICATE = SENTENCES["bad_certificate"] as Line;

/** Lines that say that records of one capture show different things; their numbers are 0 here. */
const AT_ODDS = new Set([
  "the page changed while its records were taken; they can show different moments",
  "the page's scripts were not stopped while its records were taken, see capture.json",
  "the page's words are written by its style sheets: in the picture, not in the text record",
  "the page is too large to look for closed shadow trees; their text may be missing",
  (SENTENCES["byte_mismatch"] as Line).en,
  "0 lines shown while scrolling are not in the picture, but at text.txt's end",
  "0 parts of the page scroll by themselves; picture and PDF show a part of them",
  "0 closed shadow trees are not in the text record",
  "the page is 0 pixels wide, its picture shows the first 0 of them",
]);

/** Whether nothing may say that the records agree, but that they do except for what is declared. */
export const atOdds = (lines: readonly Line[]): boolean =>
  lines.some((one) => AT_ODDS.has(one.en.replace(/[0-9]+/g, "0").replace(/^moments? 0(?:, 0)*(?: and 0 more)?: /, "")));

const part = (value: Json | undefined, key: string): Json | undefined => (isObject(value) ? value[key] : undefined);
const rows = (value: Json | undefined): Json[] => (Array.isArray(value) ? value : []);
const there = (value: Json | undefined): boolean =>
  Array.isArray(value) ? value.length > 0 : isObject(value) ? Object.keys(value).length > 0 : Boolean(value);

/** The lines that the records oblige to say, the gravest first, none twice. */
export function declaredBy(records: ReadonlyMap<string, JsonObject>): Line[] {
  const capture = records.get(names.CAPTURE);
  const environment = records.get(names.ENVIRONMENT);
  const due = new Set<string>();
  if (part(part(capture, "certificate"), "verdict") === "bad" || badForPage(capture, records.get(names.CERTIFICATES))) due.add("bad_certificate");
  for (const key of ["page_state", "page_note"]) {
    const note = part(capture, key);
    if (typeof note === "string") due.add(note);
  }
  const fidelity = part(capture, "fidelity");
  if (fidelity === "redacted" || fidelity === "decoded") due.add(fidelity);
  if (part(capture, "byte_counts") === "mismatch") due.add("byte_mismatch");
  if (there(part(capture, "log_faults"))) due.add("log_incomplete");
  if (there(part(capture, "limits_hit"))) due.add("limit");
  if (rows(part(capture, "not_recorded")).some((row) => part(row, "what") === "licence page")) due.add("no_licence");
  if (part(part(environment, "browser"), "sandbox") === "off") due.add("sandbox_off");
  if (part(part(environment, "isolation"), "key_isolation") === "none") due.add("no_key_isolation");
  const review = rows(part(environment, "rows")).filter((row) => part(row, "id") === "review");
  if (review.some((row) => part(part(row, "data"), "result") === "failed")) due.add("review_failed");
  const egress = part(environment, "egress");
  if (part(egress, "allow_loopback") === true) due.add("loopback_allowed");
  if (part(egress, "proxy") === "none") due.add("no_guard");
  if (there(records.get(names.ATTENDED))) due.add("attended");
  const found = Object.keys(SENTENCES).filter((code) => due.has(code)).map((code) => SENTENCES[code] as Line);
  const shown = shownElsewhere(capture);
  if (shown !== null) found.splice(due.has("bad_certificate") ? 1 : 0, 0, elsewhereLine(shown));
  const stated = rows(part(capture, "declared"));
  for (const item of stated.slice(0, MOST_STATED)) {
    const zh = part(item, "zh");
    const en = part(item, "en");
    if (typeof zh === "string" && typeof en === "string") found.push({ zh: brief(zh, LONGEST_STATED), en: brief(en, LONGEST_STATED) });
  }
  if (stated.length > MOST_STATED) found.push(MORE_STATED);
  return found.filter((one, at) => found.findIndex((other) => other.zh === one.zh && other.en === one.en) === at);
}

/** The address shown, where it is not the one asked for (docs/formats.md, `shown_url`). */
export function shownElsewhere(capture: JsonObject | undefined): string | null {
  const asked = part(capture, "url");
  const shown = part(capture, "final_url");
  if (typeof asked !== "string" || typeof shown !== "string" || !asked || !shown) return null;
  const [first, then] = [addressOf(asked), addressOf(shown)];
  const same = first.host === then.host && first.path === then.path && [...first.query].every((one) => then.query.has(one));
  return same ? null : shown;
}

/** The sentence of a page shown at another address than was asked for. */
export function elsewhereLine(shown: string): Line {
  const at = brief(shown, 200);
  return line(`所示页面不在所指的网址，而在 ${at}`, `the page shown is not at the address asked for but at ${at}`);
}

/** The first `most` characters of a text. */
function brief(text: string, most: number): string {
  const signs = [...text];
  return signs.length <= most ? text : `${signs.slice(0, most).join("")}…`;
}

/** Host with an unusual port, path without its last slashes, the parameters of the query as a set. */
function addressOf(url: string): { host: string; path: string; query: Set<string> } {
  const rest = url.split("#", 1)[0] as string;
  const found = /^(https?):\/\/([^?]*)(?:\?([^]*))?$/i.exec(rest);
  if (!found) return { host: rest, path: "", query: new Set() };
  const before = found[2] as string;
  const cut = before.indexOf("/");
  const authority = cut < 0 ? before : before.slice(0, cut);
  const usual = (found[1] as string).toLowerCase() === "https" ? ":443" : ":80";
  let host = authority.slice(authority.lastIndexOf("@") + 1).toLowerCase();
  if (host.endsWith(usual)) host = host.slice(0, -usual.length);
  const path = plain(cut < 0 ? "" : before.slice(cut + 1)).replace(/\/+$/, "");
  return { host, path, query: new Set((found[3] ?? "").split("&").filter(Boolean).map(plain)) };
}

/** Percent signs undone, as bytes: how a character was written makes no other address. */
function plain(text: string): string {
  const bytes: string[] = [];
  for (const byte of new TextEncoder().encode(text)) bytes.push(String.fromCharCode(byte));
  return bytes.join("").replace(/%([0-9a-f]{2})/gi, (_, hex: string) => String.fromCharCode(parseInt(hex, 16)));
}

/** Whether a connection to the page's own host had a bad certificate, whatever is said of it. */
function badForPage(capture: JsonObject | undefined, certificates: JsonObject | undefined): boolean {
  const hosts = ["url", "final_url"].map((key) => hostOf(part(capture, key)));
  return rows(part(certificates, "connections")).some((row) => {
    const verdict = part(row, "verdict");
    const host = `${String(part(row, "host"))} ${String(part(row, "port"))}`;
    return hosts.includes(host) && verdict !== "ok" && verdict !== "not verified";
  });
}

function hostOf(url: Json | undefined): string | null {
  if (typeof url !== "string" || !url.startsWith("https://")) return null;
  const authority = /^https:\/\/(?:[^/?#@]*@)?(\[[^\]]*\]|[^/?#:]*)(?::(\d+))?(?:[/?#]|$)/.exec(url);
  return authority ? `${(authority[1] as string).replace(/^\[|\]$/g, "").toLowerCase()} ${authority[2] ?? "443"}` : null;
}
