// WARC 1.1, each record a gzip member of its own: every byte belongs to a record with a true digest.
import { sha1 } from "@noble/hashes/legacy.js";
import { type Bytes, concat, indexOf, latin1, text, toHex, utf8 } from "./bytes";
import { streaming } from "./digests";
import { attemptTo, Fault } from "./fault";
import { gunzip } from "./inflate";
import type { IndexLine } from "./index";
import type { Source } from "./source";

const HEADER = 256 << 10;
const RECORDS = 20_000;
const TOTAL = 8 * 2 ** 30;
const RATIO = 1100;
const TYPES = new Set(["warcinfo", "response", "request", "resource", "metadata"]);
const DATE = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d{1,9})?Z$/;
const REPEATABLE = new Set(["warc-concurrent-to", "warc-protocol"]);

export interface WarcRecord {
  kind: string;
  headers: Map<string, string>;
  offset: number;
  length: number;
  /** Those of a warcinfo record's block. */
  fields: Map<string, string>;
}

const bad = (at: number, en: string, zh: string): Fault =>
  new Fault(`WARC record at offset ${at}: ${en}.`, `偏移 ${at} 处的 WARC 记录：${zh}。`);

/** The content of one member, handed out in the sizes that are asked for. */
class Member {
  private readonly pieces: Generator<Bytes, number>;
  private held: Bytes = new Uint8Array(0);
  private total = 0;
  end = -1;

  constructor(
    private readonly source: Source,
    private readonly at: number,
  ) {
    // RFC 1952, 2.3: no name, comment, extra field or time is hidden beside a record.
    const head = source.read(at, 8);
    if (head.length === 8 && head[0] === 0x1f && head[1] === 0x8b && head.subarray(3).some((byte) => byte !== 0)) {
      throw bad(at, "the head of its gzip member holds more than it needs", "其 gzip 成员头含多余内容");
    }
    this.pieces = gunzip(source, at, "archive/data.warc.gz");
  }

  /** One more piece, or null at the end. */
  next(): Bytes | null {
    if (this.held.length) {
      const piece = this.held;
      this.held = new Uint8Array(0);
      return piece;
    }
    for (;;) {
      const next = this.pieces.next();
      if (next.done) {
        this.end = next.value;
        return null;
      }
      this.total += next.value.length;
      if (this.total > RATIO * (this.source.size - this.at) + (1 << 20)) throw bad(this.at, "it unpacks to too much", "解压后过大");
      if (next.value.length) return next.value;
    }
  }

  back(rest: Bytes): void {
    this.held = this.held.length ? concat(rest, this.held) : rest;
  }

  *take(count: number): Generator<Bytes> {
    for (let left = count; left > 0; ) {
      const piece = this.next();
      if (!piece) throw bad(this.at, "it is cut off", "记录不完整");
      if (piece.length > left) this.back(piece.subarray(left));
      const part = piece.subarray(0, left);
      left -= part.length;
      yield part;
    }
  }

  head(): Bytes {
    let held: Bytes = new Uint8Array(0);
    for (;;) {
      const end = indexOf(held, utf8("\r\n\r\n"));
      if (end >= 0) {
        this.back(held.subarray(end + 4));
        return held.subarray(0, end);
      }
      const piece = held.length > HEADER ? null : this.next();
      if (!piece) throw bad(this.at, "its header has no end", "记录头没有结尾");
      held = concat(held, piece);
    }
  }
}

/** Every record, after its digests were recomputed; the first fault is thrown. */
export function readRecords(source: Source): WarcRecord[] {
  const found: WarcRecord[] = [];
  const ids = new Set<string>();
  let total = 0;
  for (let at = 0; at < source.size; ) {
    const member = new Member(source, at);
    const headers = readHeaders(member.head(), at);
    const size = checkHeaders(headers, at, found.length === 0);
    total += size;
    if (found.length >= RECORDS || total > TOTAL) throw bad(at, "there are too many or too large records", "记录过多或过大");
    const id = headers.get("warc-record-id") as string;
    if (ids.has(id)) throw bad(at, "its record id occurs twice", "记录编号重复");
    ids.add(id);
    const start = checkBlock(member, headers, size, at);
    const tail = concat(...member.take(4));
    if (latin1(tail) !== "\r\n\r\n" || member.next() !== null) {
      throw bad(at, "it does not end with its gzip member", "没有与其 gzip 成员一同结束");
    }
    const kind = headers.get("warc-type") as string;
    found.push({ kind, headers, offset: at, length: member.end - at, fields: kind === "warcinfo" ? infoFields(start, at) : new Map() });
    at = member.end;
  }
  if (!found.length) throw new Fault("The WARC file is empty.", "WARC 文件为空。");
  return found;
}

function readHeaders(head: Bytes, at: number): Map<string, string> {
  const decoded = attemptTo(() => text(head, "header"));
  if ("fault" in decoded) throw bad(at, "its header is not UTF-8", "记录头不是 UTF-8");
  const [first, ...lines] = decoded.value.split("\r\n");
  if (first !== "WARC/1.1") throw bad(at, "it is not a WARC/1.1 record", "不是 WARC/1.1 记录");
  const found = new Map<string, string>();
  for (const line of lines) {
    const match = /^([^\s:](?:[^:\r\n]*[^\s:])?):([^\r\n]*)$/.exec(line);
    if (!match) throw bad(at, "a header line is malformed", "记录头有一行格式不对");
    const key = (match[1] as string).toLowerCase();
    const value = (match[2] as string).trim();
    const before = found.get(key);
    if (before !== undefined && !REPEATABLE.has(key)) throw bad(at, `the header ${key} occurs twice`, `头字段 ${key} 出现两次`);
    found.set(key, before === undefined ? value : `${before}, ${value}`);
  }
  return found;
}

function checkHeaders(headers: Map<string, string>, at: number, first: boolean): number {
  for (const name of ["warc-type", "warc-record-id", "warc-date", "content-length", "warc-block-digest"]) {
    if (!headers.get(name)) throw bad(at, `it lacks the header ${name}`, `缺少头字段 ${name}`);
  }
  if (!DATE.test(headers.get("warc-date") as string)) throw bad(at, "its date is not a UTC time", "日期不是世界协调时间");
  const kind = headers.get("warc-type") as string;
  if (!TYPES.has(kind) || (kind === "warcinfo") !== first) throw bad(at, `the type ${kind} is out of place`, `记录类型 ${kind} 不当`);
  const length = headers.get("content-length") as string;
  if (!/^(0|[1-9][0-9]{0,12})$/.test(length)) throw bad(at, "its length is not a number", "长度不是数字");
  if (kind === "response" && !headers.get("warc-payload-digest")) throw bad(at, "the response has no payload digest", "响应没有载荷摘要");
  return Number(length);
}

/** Where what follows the head of an HTTP message begins (its first empty line), or -1. */
function bodyAt(data: Bytes): number {
  for (let at = data.indexOf(10); at >= 0; at = data.indexOf(10, at + 1)) {
    if (data[at + 1] === 10) return at + 2;
    if (data[at + 1] === 13 && data[at + 2] === 10) return at + 3;
  }
  return -1;
}

/** Recompute the digests of a block; return its first bytes. */
function checkBlock(member: Member, headers: Map<string, string>, size: number, at: number): Bytes {
  const block = new Stated(headers.get("warc-block-digest"), at);
  const payload = new Stated(headers.get("warc-payload-digest"), at);
  const http = (headers.get("content-type") ?? "").toLowerCase().startsWith("application/http");
  let start: Bytes = new Uint8Array(0);
  let inHead = http;
  for (const piece of member.take(size)) {
    block.update(piece);
    if (!inHead) payload.update(piece);
    if (inHead || (!http && start.length < HEADER)) start = concat(start, piece);
    if (!inHead) continue;
    const body = bodyAt(start);
    if (body >= 0) {
      payload.update(start.subarray(body));
      inHead = false;
    } else if (start.length > HEADER) throw bad(at, "its HTTP header has no end", "HTTP 头没有结尾");
  }
  block.check("block", "内容");
  payload.check("payload", "载荷");
  return start;
}

const BASE32 = "ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";

function toBase32(data: Bytes): string {
  let out = "";
  let held = 0;
  let bits = 0;
  for (const byte of data) {
    held = ((held << 8) | byte) & 0xfff;
    bits += 8;
    for (; bits >= 5; bits -= 5) out += BASE32[(held >> (bits - 5)) & 31];
  }
  if (bits) out += BASE32[(held << (5 - bits)) & 31];
  return out;
}

/** A digest that a header states (or none), recomputed from the bytes. */
class Stated {
  private readonly hash: { update(data: Bytes): unknown; digest(): Bytes } | null = null;

  constructor(
    private readonly stated: string | undefined,
    private readonly at: number,
  ) {
    if (stated === undefined) return;
    const match = /^(sha256|sha1):([A-Za-z0-9=]+)$/.exec(stated);
    if (!match) throw bad(at, "a digest is of an unknown form", "摘要的形式未知");
    this.hash = match[1] === "sha1" ? sha1.create() : streaming();
  }

  update(data: Bytes): void {
    this.hash?.update(data);
  }

  check(en: string, zh: string): void {
    if (!this.hash || this.stated === undefined) return;
    const digest = this.hash.digest();
    const value = this.stated.slice(this.stated.indexOf(":") + 1);
    const base32 = toBase32(digest);
    const padded = base32.padEnd(Math.ceil(base32.length / 8) * 8, "=");
    if (![toHex(digest), base32, padded].includes(value)) {
      throw bad(this.at, `its ${en} digest is not that of its bytes`, `${zh}摘要与内容不符`);
    }
  }
}

function infoFields(block: Bytes, at: number): Map<string, string> {
  const found = new Map<string, string>();
  for (const line of new TextDecoder().decode(block).split("\r\n")) {
    if (!line) continue;
    const colon = line.indexOf(":");
    const name = line.slice(0, colon).toLowerCase();
    if (colon < 0 || (name === "fidelity" && found.has(name))) {
      throw bad(at, "a line of it is no field, or states fidelity twice", "有一行不成字段，或重复说明保真度");
    }
    found.set(name, line.slice(colon + 1).trim());
  }
  return found;
}

/** Refuse an index that does not name the replayable records one to one. */
export function matchIndex(records: WarcRecord[], lines: IndexLine[]): void {
  const left = new Map(lines.map((line) => [line.offset, line]));
  if (left.size !== lines.length) throw new Fault("Two index lines name one record.", "索引中有两行指向同一记录。");
  for (const record of records) {
    if (record.kind !== "response" && record.kind !== "resource") continue;
    const line = left.get(record.offset);
    left.delete(record.offset);
    if (!line) throw bad(record.offset, "the index does not list it", "索引中没有列出");
    const get = (name: string): string => record.headers.get(name) ?? "";
    const digest = get("warc-payload-digest") || get("warc-block-digest");
    const date = get("warc-date").replace(/[^0-9]/g, "").slice(0, 14);
    const fits =
      line.length === record.length && line.url === get("warc-target-uri") && line.digest === digest &&
      line.time === date && line.filename === "data.warc.gz";
    if (!fits) throw bad(record.offset, "the index says otherwise of it", "与索引所述不符");
  }
  for (const at of left.keys()) {
    throw new Fault(`The index names a record at offset ${at} that is not there.`, `索引列出了偏移 ${at} 处并不存在的记录。`);
  }
}
