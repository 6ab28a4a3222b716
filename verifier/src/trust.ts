// The trust folder: policy.toml and the files that it names.
import { parse as parseToml } from "smol-toml";
import { type Bytes, concat, fromBase64, startsWith, text, toBase64, toHex } from "./bytes";
import { type Certificate, parseCertificate } from "./certificate";
import { sha256, sha256Hex } from "./digests";
import { Fault } from "./fault";
import { isAuthority } from "./names";
import { type Key, parseVkey } from "./note";
import { parseTime } from "./shape";
import { checkSums, type Files, find, type Print } from "./sums";
import { type ClaimId, DEFAULT_REQUIRED } from "./verdict";

export interface Signer {
  key: Bytes;
  digest: string;
  from: number | null;
  until: number | null;
  revoked: number | null;
  /** The log and the entry that revoked it, where the policy names them. */
  revokedAt: { log: string; index: number } | null;
}
export interface TrustedLog {
  key: Key;
  untilSize: number | null;
  untilRoot: string | null;
  /** Leaf hashes of those of its entries that were in hand when it ended, one after another. */
  leaves: Bytes | null;
}
export interface Witness {
  name: string;
  key: Key;
  relation: string;
}
export interface Authority {
  name: string;
  certificates: Certificate[];
  trial: boolean;
}
export interface Trust {
  require: ClaimId[];
  tokens: number;
  cosignatures: number;
  independent: boolean;
  revocation: boolean;
  clockBound: number | null;
  signers: Signer[];
  logs: TrustedLog[];
  authorities: Authority[];
  witnesses: Witness[];
  weak: Map<string, number>;
  earlier: { tokens: number; before: number }[];
  prints: Print[];
}

/** What is not printable, but for the blank. */
const UNSEEN = /[^\P{C} ]|[^\P{Z} ]/u;
const RELATIONS = ["none", "notary", "court", "bureau", "party", "operator"];
const SECOND: ClaimId[] = [...DEFAULT_REQUIRED, "witness", "revocation", "case", "review"];
export const POLICY = "policy.toml";

type Table = { [key: string]: unknown };

function wrong(en: string, zh: string): Fault {
  return new Fault(`${POLICY}: ${en}`, `${POLICY}：${zh}`);
}

class Reader {
  private readonly left: Set<string>;

  constructor(
    private readonly table: Table,
    private readonly noun: string,
  ) {
    this.left = new Set(Object.keys(table));
  }

  private take(key: string): unknown {
    this.left.delete(key);
    return Object.prototype.hasOwnProperty.call(this.table, key) ? this.table[key] : undefined;
  }

  private refuse(key: string): never {
    throw wrong(`${this.noun}${key} is missing or has a wrong value.`, `${this.noun}${key} 缺失或其值不对。`);
  }

  text(key: string): string {
    const value = this.take(key);
    return typeof value === "string" ? value : this.refuse(key);
  }

  maybeText(key: string): string | null {
    return key in this.table ? this.text(key) : null;
  }

  flag(key: string, missing?: boolean): boolean {
    const value = this.take(key) ?? missing;
    return typeof value === "boolean" ? value : this.refuse(key);
  }

  count(key: string, least: number, most: number, missing?: number): number {
    const value = this.take(key);
    if (value === undefined && missing !== undefined) return missing;
    return typeof value === "bigint" && value >= least && value <= most ? Number(value) : this.refuse(key);
  }

  moment(key: string): number {
    return parseTime(this.text(key)) ?? this.refuse(key);
  }

  hex(key: string): string {
    const value = this.text(key);
    return /^[0-9a-f]{64}$/.test(value) ? value : this.refuse(key);
  }

  path(key: string): string {
    const value = this.text(key);
    const bad = !value || value.includes("\\") || value.includes(":") || value.startsWith("/") ||
      value.split("/").some((part) => part === "" || part === "." || part === "..");
    return bad ? this.refuse(key) : value;
  }

  table_(key: string): Reader {
    const value = this.take(key);
    if (typeof value !== "object" || value === null || Array.isArray(value)) return this.refuse(key);
    return new Reader(value as Table, `${key}.`);
  }

  tables(key: string, optional: boolean): Reader[] {
    const value = this.take(key) ?? (optional ? [] : undefined);
    if (!Array.isArray(value)) return this.refuse(key);
    return value.map((item) => {
      if (typeof item !== "object" || item === null || Array.isArray(item)) return this.refuse(key);
      return new Reader(item as Table, `${key}.`);
    });
  }

  words(key: string): string[] {
    const value = this.take(key);
    if (!Array.isArray(value) || value.some((v) => typeof v !== "string")) return this.refuse(key);
    return value as string[];
  }

  /** Refuse keys that nobody asked for. */
  end(): void {
    for (const key of this.left) throw wrong(`${this.noun}${key} is not known.`, `不认识 ${this.noun}${key}。`);
  }
}

class Folder {
  readonly prints: Print[] = [];

  constructor(private readonly files: Files) {}

  bytes(name: string, zh: string, en: string): Bytes {
    const data = find(this.files, name);
    if (data === undefined) {
      throw new Fault(`The trust folder lacks ${name}; ask for it again.`, `信任文件夹中没有 ${name}；请重新索取。`);
    }
    if (!this.prints.some((p) => p.name === name)) this.prints.push({ name, zh, en, sha256: sha256Hex(data) });
    return data;
  }

  has(name: string): boolean {
    return find(this.files, name) !== undefined;
  }

  text(name: string, zh: string, en: string): string {
    return text(this.bytes(name, zh, en), name);
  }
}

type Revocations = Map<string, { from: number; at: { log: string; index: number } | null }>;

/** How many tokens an exhibit needs over whose manifest trusted ones state these times. */
export function neededTokens(trust: Trust, times: number[]): number {
  const met = trust.earlier.filter((e) => times.filter((t) => t < e.before).length >= e.tokens);
  return Math.min(trust.tokens, ...met.map((e) => e.tokens));
}

/** Whether entry `index` of the log `origin` stands after the entry that revoked a signer's key. */
export function afterRevocation(trust: Trust, signer: Signer, origin: string, index: number): boolean {
  const at = signer.revokedAt;
  const ages = agesOf(trust);
  if (!at || !ages.includes(at.log) || !ages.includes(origin)) return false;
  const later = ages.indexOf(origin) - ages.indexOf(at.log);
  return later > 0 || (later === 0 && index > at.index);
}

/** Whether the log `origin` followed the log `before`. */
export function followed(trust: Trust, before: string, origin: string): boolean {
  const ages = agesOf(trust);
  return ages.includes(before) && ages.indexOf(origin) > ages.indexOf(before);
}

/** The names of the logs, oldest first. */
export function agesOf(trust: Trust): string[] {
  return [...trust.logs.slice(1), ...trust.logs.slice(0, 1)].map((log) => log.key.name);
}

/** The trusted log of that name, else that of today. */
export function logNamed(trust: Trust, origin: string | undefined): TrustedLog {
  return trust.logs.find((log) => log.key.name === origin) ?? (trust.logs[0] as TrustedLog);
}

/** The trusted signer whose key has this digest, else that of today. */
export function signerNamed(trust: Trust, digest: string | undefined): Signer {
  return trust.signers.find((s) => s.digest === digest) ?? (trust.signers[0] as Signer);
}

/** The contents of PEM blocks of one kind. */
export function pemBlocks(data: string, kind: string, noun: string): Bytes[] {
  const found: Bytes[] = [];
  const pattern = new RegExp(`-----BEGIN ${kind}-----([A-Za-z0-9+/=\\s]*)-----END ${kind}-----`, "g");
  for (const match of data.matchAll(pattern)) found.push(fromBase64((match[1] as string).replace(/\s+/g, ""), noun));
  return found;
}

const SPKI = [0x30, 0x2a, 0x30, 0x05, 0x06, 0x03, 0x2b, 0x65, 0x70, 0x03, 0x21, 0x00];

/** The 32 bytes of an Ed25519 public key in PEM. */
export function parsePublicKey(data: string, noun: string): Bytes {
  const blocks = pemBlocks(data, "PUBLIC KEY", noun);
  const der = blocks[0];
  if (blocks.length !== 1 || der?.length !== 44 || !startsWith(der, String.fromCharCode(...SPKI))) {
    throw new Fault(`${noun} is not an Ed25519 public key in PEM.`, `${noun} 不是 PEM 形式的 Ed25519 公钥。`);
  }
  return der.slice(12);
}

/** An Ed25519 public key in PEM, as openssl prints it. */
export function publicPem(key: Bytes): string {
  return `-----BEGIN PUBLIC KEY-----\n${toBase64(concat(Uint8Array.from(SPKI), key))}\n-----END PUBLIC KEY-----\n`;
}

export function parseCertificates(data: Bytes, noun: string): Certificate[] {
  const found = pemBlocks(text(data, noun), "(?:X509 )?CERTIFICATE", noun).map((der) => parseCertificate(der, noun));
  if (!found.length) {
    throw new Fault(`${noun} holds no readable PEM certificates.`, `${noun} 中没有可读的 PEM 证书。`);
  }
  return found;
}

export const keyDigest = (key: Bytes): string => toHex(sha256(key));

/** Read a trust folder, given as files by their paths in it; a fault names what cannot be used. */
export function loadTrust(files: Files): Trust {
  const folder = new Folder(files);
  const source = folder.text(POLICY, "信任策略", "trust policy");
  let table: Table;
  try {
    if (source.startsWith("\ufeff")) throw new Error("a byte order mark");
    table = parseToml(source, { integersAsBigInt: true }) as Table;
  } catch {
    throw wrong("it is not TOML.", "不是 TOML。");
  }
  const format = table["format"];
  if (format !== "markseal-trust/1" && format !== "markseal-trust/2") {
    throw wrong("its format is not known.", "格式不认识。");
  }
  const top = new Reader(table, "");
  top.text("format");
  const second = format === "markseal-trust/2";
  const known = second ? SECOND : DEFAULT_REQUIRED;
  const require = top.words("require") as ClaimId[];
  if (!require.length || require.some((claim) => !known.includes(claim))) {
    throw wrong("require lists something that is not known.", "require 列有不认识的项目。");
  }
  const trust: Trust = {
    require,
    tokens: top.count("tokens", 1, 65536),
    cosignatures: 0,
    independent: false,
    revocation: false,
    clockBound: null,
    signers: [],
    logs: [],
    authorities: [],
    witnesses: [],
    weak: new Map(),
    earlier: [],
    prints: folder.prints,
  };
  const revoked: Revocations = new Map();
  readKeys(top, folder, trust);
  if (second) readFurther(top, folder, trust, revoked);
  top.end();
  for (const signer of trust.signers) {
    const found = revoked.get(signer.digest);
    signer.revoked = found?.from ?? null;
    signer.revokedAt = found?.at ?? null;
  }
  checkApart(trust);
  checkSums(files, trust.prints);
  return trust;
}

function readKeys(top: Reader, folder: Folder, trust: Trust): void {
  const log = top.table_("log");
  const name = log.path("vkey");
  log.end();
  trust.logs.push({ key: parseVkey(folder.text(name, "日志公钥", "log key"), name), untilSize: null, untilRoot: null, leaves: null });
  const signer = top.table_("signer");
  trust.signers.push(readSigner(signer.path("key"), folder));
  signer.end();
  for (const item of top.tables("authorities", false)) {
    const short = item.text("name");
    const roots = item.path("roots");
    const trial = item.flag("trial");
    item.end();
    if (!isAuthority(short) || trust.authorities.some((a) => a.name === short)) {
      throw wrong(`authorities.name ${short} is wrong or there twice.`, `authorities.name ${short} 不对或重复。`);
    }
    const data = folder.bytes(roots, `时间戳机构 ${short}`, `timestamp authority ${short}`);
    trust.authorities.push({ name: short, certificates: parseCertificates(data, roots), trial });
  }
}

function readSigner(name: string, folder: Folder): Signer {
  const key = parsePublicKey(folder.text(name, "清单签名公钥", "signer's key"), name);
  return { key, digest: keyDigest(key), from: null, until: null, revoked: null, revokedAt: null };
}

function readFurther(top: Reader, folder: Folder, trust: Trust, revoked: Revocations): void {
  for (const item of top.tables("witnesses", true)) {
    const name = item.text("name");
    const file = item.path("vkey");
    const relation = item.text("relation");
    item.end();
    if (!name.trim() || [...name].length > 80 || UNSEEN.test(name) || !RELATIONS.includes(relation) || trust.witnesses.some((w) => w.name === name)) {
      throw wrong("witnesses has a wrong name or relation, or a name twice.", "witnesses 的名称或关系不对，或名称重复。");
    }
    const key = parseVkey(folder.text(file, `见证人 ${name}`, `witness ${name}`), file, true);
    trust.witnesses.push({ name, key, relation });
  }
  const least = trust.witnesses.length ? 1 : 0;
  trust.cosignatures = top.count("cosignatures", least, trust.witnesses.length, least);
  trust.independent = top.flag("independent", false);
  const outside = trust.witnesses.some((w) => w.relation !== "party" && w.relation !== "operator");
  if ((trust.independent && !outside) || (trust.require.includes("witness") && !least)) {
    throw wrong("it asks for witnesses that it does not list.", "所要求的见证人未列出。");
  }
  trust.revocation = top.flag("revocation", false);
  const bound = top.count("clock_bound_seconds", 1, 2 ** 31, 0);
  trust.clockBound = bound > 0 ? bound : null;
  for (const item of top.tables("signers", true)) readFormerSigner(item, folder, trust);
  for (const item of top.tables("revoked", true)) {
    const key = item.hex("key_sha256");
    const from = item.moment("from");
    const log = item.maybeText("log");
    const index = item.count("index", 0, Number.MAX_SAFE_INTEGER, -1);
    item.end();
    if ((log === null) !== (index < 0)) throw wrong("revoked.log and revoked.index belong together.", "revoked.log 与 index 应并列。");
    // What counts is the second: a token states no more.
    revoked.set(key, { from: Math.floor(from / 1e6) * 1e6, at: log === null ? null : { log, index } });
  }
  for (const item of top.tables("logs", true)) {
    const file = item.path("vkey");
    const key = parseVkey(folder.text(file, "原日志公钥", "key of a former log"), file);
    const untilSize = item.count("until_size", 0, Number.MAX_SAFE_INTEGER);
    trust.logs.push({ key, untilSize, untilRoot: item.hex("until_root"), leaves: readLeaves(file, folder, untilSize) });
    item.end();
  }
  readRecovery(top, folder);
  for (const item of top.tables("earlier_tokens", true)) {
    trust.earlier.push({ tokens: item.count("tokens", 1, 65536), before: item.moment("before") });
    item.end();
  }
  for (const item of top.tables("weak", true)) {
    const algorithm = item.text("algorithm");
    if (!["sha1", "sha256", "sha384", "sha512", "sm3"].includes(algorithm) || trust.weak.has(algorithm)) {
      throw wrong("weak.algorithm is not known, or there twice.", "weak.algorithm 不认识或重复。");
    }
    trust.weak.set(algorithm, item.moment("from"));
    item.end();
  }
}

function readLeaves(vkey: string, folder: Folder, size: number): Bytes | null {
  const name = `${vkey.replace(/\.vkey$/, "")}.hashes`;
  if (!folder.has(name)) return null;
  const data = folder.bytes(name, "原日志条目散列", "hashes of a former log's entries");
  if (data.length % 32 || data.length > size * 32) {
    throw new Fault(`${name} is not the hashes of at most ${size} entries; ask for it again.`, `${name} 不是至多 ${size} 条的散列；请重新索取。`);
  }
  return data;
}

function readFormerSigner(item: Reader, folder: Folder, trust: Trust): void {
  const signer = readSigner(item.path("key"), folder);
  signer.from = item.maybeText("from") === null ? null : item.moment("from");
  signer.until = item.maybeText("until") === null ? null : item.moment("until");
  item.end();
  if (signer.from !== null && signer.until !== null && signer.from >= signer.until) {
    throw wrong("signers.from must be before signers.until.", "signers.from 应早于 until。");
  }
  if (!trust.signers.some((s) => s.digest === signer.digest)) trust.signers.push(signer);
}

function readRecovery(top: Reader, folder: Folder): void {
  const items = top.tables("recovery_keys", true);
  for (const item of items) {
    const file = item.path("key");
    parsePublicKey(folder.text(file, "恢复公钥", "recovery key"), file);
    item.end();
  }
  const least = items.length ? 1 : 0;
  top.count("recovery", least, items.length, items.length ? undefined : 0);
}

/** One key in two roles would make one voice count as two. */
function checkApart(trust: Trust): void {
  const witnesses = trust.witnesses.map((w) => toHex(w.key.key));
  const logs = trust.logs.map((l) => toHex(l.key.key));
  const origins = trust.logs.map((l) => l.key.name);
  const twice = (list: string[]): boolean => new Set(list).size !== list.length;
  if (twice(witnesses) || witnesses.some((key) => logs.includes(key)) || twice(origins)) {
    throw new Fault(
      "Trust folder: one key or one name stands in two places; ask for it again.",
      "信任文件夹：同一密钥或名称出现在两处；请重新索取。",
    );
  }
}
