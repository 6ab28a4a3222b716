// The canonical ZIP. Names, sizes and CRCs fix every byte: all headers are built again and compared.
import { type Bytes, compareBytes, concat, equal, indexOf, latin1, text, utf8 } from "./bytes";
import { attemptTo, Fault } from "./fault";
import { chunks, Memory, type Source } from "./source";
import type { Findings } from "./verdict";
import { inflateRaw } from "./inflate";

const LOCAL = Uint8Array.of(0x50, 0x4b, 3, 4);
const CENTRAL = Uint8Array.of(0x50, 0x4b, 1, 2);
const END = Uint8Array.of(0x50, 0x4b, 5, 6);
const DIRECTORY = "central directory";
const END_RECORD = "end record";
const MOST = 256;

export interface Entry {
  name: string;
  method: number;
  flags: number;
  crc: number;
  packed: number;
  size: number;
  offset: number;
  dataAt: number;
}

const le = (data: Bytes, at: number, size: number): number => {
  let value = 0;
  for (let i = size; i > 0; i--) value = value * 256 + (data[at + i - 1] ?? 0);
  return value;
};

function put(out: Bytes, at: number, size: number, value: number): void {
  for (let i = 0; i < size; i++) out[at + i] = Math.floor(value / 2 ** (8 * i)) & 255;
}

function localHeader(entry: Entry): Bytes {
  const name = utf8(entry.name);
  const out = new Uint8Array(30);
  out.set(LOCAL);
  put(out, 4, 2, 20);
  put(out, 12, 2, 0x21);
  put(out, 14, 4, entry.crc);
  put(out, 18, 4, entry.size);
  put(out, 22, 4, entry.size);
  put(out, 26, 2, name.length);
  return concat(out, name);
}

function centralHeader(entry: Entry): Bytes {
  const name = utf8(entry.name);
  const out = new Uint8Array(46);
  out.set(CENTRAL);
  put(out, 4, 2, 20);
  out.set(localHeader(entry).subarray(4, 28), 6);
  put(out, 42, 4, entry.offset);
  return concat(out, name);
}

function endRecord(count: number, size: number, at: number): Bytes {
  const out = new Uint8Array(22);
  out.set(END);
  put(out, 8, 2, count);
  put(out, 10, 2, count);
  put(out, 12, 4, size);
  put(out, 16, 4, at);
  return out;
}

const PATH = /^[A-Za-z0-9._/-]+$/;

function isPath(name: string): boolean {
  return PATH.test(name) && name.split("/").every((part) => !/^\.*$/.test(part));
}

function rawName(data: Bytes): string {
  const found = attemptTo(() => text(data, "name"));
  if ("value" in found) return found.value;
  return latin1(data).replace(/[\x80-\xff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);
}

function readLocal(source: Source, at: number): Entry | null {
  const head = source.read(at, 30);
  if (head.length < 30 || !equal(head.subarray(0, 4), LOCAL)) return null;
  const length = le(head, 26, 2);
  return {
    name: rawName(source.read(at + 30, length)),
    flags: le(head, 6, 2),
    method: le(head, 8, 2),
    crc: le(head, 14, 4),
    packed: le(head, 18, 4),
    size: le(head, 22, 4),
    offset: at,
    dataAt: at + 30 + length + le(head, 28, 2),
  };
}

/** The entries of a directory. One that is not where it says may lie `moved` bytes further on. */
function readCentral(source: Source, start: number, moved = 0): { entries: Entry[]; end: number } {
  const entries: Entry[] = [];
  let at = start;
  while (entries.length <= MOST) {
    const head = source.read(at, 46);
    if (head.length < 46 || !equal(head.subarray(0, 4), CENTRAL)) break;
    const length = le(head, 28, 2);
    const name = rawName(source.read(at + 46, length));
    const stated = le(head, 42, 4);
    const isAt = (offset: number): boolean => readLocal(source, offset)?.name === name;
    const offset = moved && !isAt(stated) && isAt(stated + moved) ? stated + moved : stated;
    const local = readLocal(source, offset);
    entries.push({
      name,
      flags: le(head, 8, 2),
      method: le(head, 10, 2),
      crc: le(head, 16, 4),
      packed: le(head, 20, 4),
      size: le(head, 24, 4),
      offset,
      dataAt: local && local.name === name ? local.dataAt : offset + 30 + length,
    });
    at += 46 + length + le(head, 30, 2) + le(head, 32, 2);
  }
  return { entries, end: at };
}

/** Whether any ZIP record begins anywhere in the source. */
export function hasZipRecord(source: Source): boolean {
  let tail: Bytes = new Uint8Array(0);
  for (const chunk of chunks(source)) {
    const data = concat(tail, chunk);
    if ([LOCAL, CENTRAL, END].some((sign) => indexOf(data, sign) >= 0)) return true;
    tail = data.slice(-3);
  }
  return false;
}

export class Archive {
  constructor(
    readonly source: Source,
    readonly label: string,
    readonly entries: Entry[],
    readonly canonical: boolean,
  ) {}

  place(part: string): string {
    return `${this.label}!${part}`;
  }

  get(name: string): Entry | undefined {
    return this.entries.find((entry) => entry.name === name);
  }

  /** The content of an entry. What is packed (never so in our form) is unpacked within a limit. */
  content(entry: Entry): Source {
    if (entry.dataAt + entry.packed > this.source.size) {
      throw new Fault(`${entry.name} is cut off.`, `${entry.name} 不完整。`);
    }
    if ((entry.flags & 1) === 0 && entry.method === 0) return this.source.part(entry.dataAt, entry.packed);
    if ((entry.flags & 1) === 0 && entry.method === 8 && entry.packed < 1 << 28) {
      const packed = this.source.read(entry.dataAt, entry.packed);
      return new Memory(inflateRaw(packed, Math.min(1 << 28, 300 * Math.max(1024, packed.length)), entry.name));
    }
    throw new Fault(
      `${entry.name} is encrypted or packed in a way that is not read.`,
      `${entry.name} 已加密，或压缩方式无法读取。`,
    );
  }

  read(name: string, limit: number): Bytes | null {
    const entry = this.get(name);
    if (entry === undefined) return null;
    const content = this.content(entry);
    if (content.size > limit) {
      throw new Fault(`${name} is larger than ${limit} bytes.`, `${name} 超过 ${limit} 字节。`);
    }
    return content.read(0, content.size);
  }
}

/** The ZIP's entries; every deviation from the canonical form is noted under `package`. */
export function openArchive(source: Source, label: string, findings: Findings): Archive {
  const walked: Entry[] = [];
  let at = 0;
  for (let entry = readLocal(source, 0); entry && walked.length <= MOST; entry = readLocal(source, at)) {
    if (entry.dataAt + entry.packed > source.size) break;
    walked.push(entry);
    at = entry.dataAt + entry.packed;
  }
  if (isCanonical(source, walked, at)) return new Archive(source, label, walked, true);
  const before = findings.claims.length;
  const listed = directory(source, at);
  const cut = readLocal(source, at);
  const isCut = cut !== null && cut.dataAt + cut.packed > source.size && !listed.here;
  if (isCut) {
    findings.damaged = true;
    walked.push(cut);
    findings.invalid(
      "package", `${label}!${cut.name}`,
      `${label} ends in the middle of ${cut.name}: it was cut off.`, `${label} 在 ${cut.name} 中间结束：文件不完整。`,
    );
  }
  // Where nothing lies as the directory says, it is that of a ZIP inside a file that was cut off.
  const entries = walked.length && !listed.here ? [] : listed.entries;
  compareWith(source, label, walked, entries, findings);
  if (entries.length) compareTail(source, label, entries, listed.start, findings);
  if (findings.claims.length === before) {
    findings.invalid(
      "package", `${label}!${DIRECTORY}`,
      `${label} is not in the canonical ZIP form.`, `${label} 不是规范的 ZIP 形式。`,
    );
  }
  return new Archive(source, label, entries.length ? entries : walked, false);
}

function isCanonical(source: Source, entries: Entry[], stop: number): boolean {
  if (!entries.length || entries.length > MOST || source.size > 0xffffffff) return false;
  if (!entries.every((e) => isPath(e.name) && sameLocal(source, e))) return false;
  if (new Set(entries.map((e) => e.name.toLowerCase())).size !== entries.length) return false;
  const central = concat(...entries.map(centralHeader));
  const tail = concat(central, endRecord(entries.length, central.length, stop));
  return stop + tail.length === source.size && equal(source.read(stop, tail.length), tail);
}

function sameLocal(source: Source, entry: Entry): boolean {
  const head = localHeader(entry);
  return entry.dataAt - entry.offset === head.length && equal(source.read(entry.offset, head.length), head);
}

interface Directory {
  entries: Entry[];
  start: number;
  /** How many of its entries lie where it says. */
  here: number;
}

/** The directory whose entries lie where it says, then that of the last end record: a ZIP inside has one too. */
function directory(source: Source, stop: number): Directory {
  const tailAt = Math.max(0, source.size - 65535 - 22);
  const tail = source.read(tailAt, source.size - tailAt);
  let last = -1;
  for (let at = indexOf(tail, END); at >= 0; at = indexOf(tail, END, at + 1)) last = at;
  // An end record whose directory stands further on than it states tells by how much entries moved.
  const pointed = new Map([[stop, 0]]);
  if (last >= 0) {
    const found = tailAt + last - le(tail, last + 12, 4);
    const stated = le(tail, last + 16, 4);
    const inside = found < stop || readLocal(source, stop) !== null; // of a ZIP inside an entry
    pointed.set(found, inside ? 0 : found - stated);
    if (!pointed.has(stated)) pointed.set(stated, 0);
  }
  let best: Directory = { entries: [], start: stop, here: 0 };
  let bestRank = [0, 0, 0];
  for (const start of new Set([...pointed.keys(), findFrom(source, CENTRAL, stop)])) {
    if (start < 0 || start >= source.size) continue;
    const { entries } = readCentral(source, start, pointed.get(start) ?? 0);
    const here = entries.filter((e) => readLocal(source, e.offset)?.name === e.name).length;
    const rank = [here, entries.length && pointed.has(start) ? 1 : 0, entries.length];
    const differs = rank.findIndex((value, at) => value !== bestRank[at]);
    if (differs >= 0 && (rank[differs] as number) > (bestRank[differs] as number)) {
      best = { entries, start, here };
      bestRank = rank;
    }
  }
  return best;
}

function findFrom(source: Source, sign: Bytes, from: number): number {
  for (let at = from; at < source.size; at += (1 << 20) - 3) {
    const found = indexOf(source.read(at, 1 << 20), sign);
    if (found >= 0) return at + found;
  }
  return -1;
}

function compareWith(source: Source, label: string, walked: Entry[], listed: Entry[], findings: Findings): void {
  const invalid = (name: string, en: string, zh: string): void =>
    findings.invalid("package", `${label}!${name}`, `${label}: ${en}`, `${label}：${zh}`);
  if (!listed.length) {
    findings.damaged = true;
    invalid(DIRECTORY, "the central directory cannot be read.", "中央目录无法读取。");
    return;
  }
  const seen = new Map<string, string>();
  let due = 0;
  for (const entry of [...listed].sort((a, b) => a.offset - b.offset)) {
    if (entry.offset > due && due === 0) {
      invalid(entry.name, "bytes stand before its first entry.", "首个条目之前另有字节。");
    } else if (entry.offset > due) {
      invalid(entry.name, `bytes that belong to nothing stand before ${entry.name}.`, `${entry.name} 之前有不属于任何条目的字节。`);
    } else if (entry.offset < due) {
      invalid(entry.name, `${entry.name} overlaps the entry before.`, `${entry.name} 与前一条目重叠。`);
    }
    due = Math.max(due, entry.dataAt + entry.packed);
  }
  listed.forEach((entry, at) => {
    const { name } = entry;
    if (!isPath(name)) invalid(name, `${name} is not a plain relative path.`, `${name} 不是普通的相对路径。`);
    const twin = seen.get(name.toLowerCase());
    if (twin !== undefined) {
      invalid(name, `${name} and ${twin} are two entries of one name.`, `${name} 与 ${twin} 同名。`);
    }
    seen.set(name.toLowerCase(), name);
    if (at > 0 && entry.offset < (listed[at - 1] as Entry).offset) {
      invalid(name, `the directory does not list ${name} in the order of the file.`, `中央目录未按文件顺序列出 ${name}。`);
    }
    if (entry.method !== 0 || entry.flags !== 0) {
      invalid(name, `${name} is packed, encrypted or flagged; entries are stored plain.`, `${name} 经压缩、加密或带有标志；条目应原样存放。`);
    }
    const local = readLocal(source, entry.offset);
    if (!local) invalid(name, `there is no ${name} where the directory says.`, `中央目录所指之处没有 ${name}。`);
    else if (!sameLocal(source, entry)) {
      invalid(name, `the local header of ${name} is not the one that belongs there.`, `${name} 的本地文件头与应有的不同。`);
    }
  });
  const names = new Set(listed.map((entry) => entry.offset));
  for (const entry of walked) {
    if (!names.has(entry.offset)) {
      invalid(entry.name, `the central directory does not list ${entry.name}.`, `中央目录未列出 ${entry.name}。`);
    }
  }
  if (listed.length > MOST) invalid(DIRECTORY, "it has too many entries.", "条目过多。");
}

function compareTail(source: Source, label: string, entries: Entry[], start: number, findings: Findings): void {
  const central = concat(...entries.map(centralHeader));
  const stored = source.read(start, central.length);
  const last = Math.max(...entries.map((e) => e.dataAt + e.packed));
  if (!equal(stored, central) || start !== last) {
    findings.invalid(
      "package", `${label}!${DIRECTORY}`,
      `${label}: the central directory is not the one that belongs to these entries.`,
      `${label}：中央目录与各条目应有的不同。`,
    );
  }
  const { end } = readCentral(source, start);
  const due = endRecord(entries.length, end - start, start);
  const found = source.read(end, due.length + 1);
  if (compareBytes(found, due) !== 0) {
    findings.invalid(
      "package", `${label}!${END_RECORD}`,
      `${label}: the end record is not the one that belongs there, or something follows it.`,
      `${label}：结束记录与应有的不同，或其后还有内容。`,
    );
  }
}

/** Note every name that is missing, does not belong, or is out of order. */
export function checkNames(archive: Archive, expected: string[], findings: Findings): void {
  const { label } = archive;
  const names = archive.entries.map((entry) => entry.name);
  const note = (name: string, en: string, zh: string): void =>
    findings.invalid("package", archive.place(name), en, zh);
  for (const name of expected) {
    if (!names.includes(name)) note(name, `${label} lacks ${name}.`, `${label} 缺少 ${name}。`);
  }
  for (const name of new Set(names)) {
    if (!expected.includes(name)) {
      note(name, `${label} contains ${name}, which does not belong in it.`, `${label} 含有不应有的 ${name}。`);
    }
  }
  const kept = names.filter((name) => expected.includes(name));
  const due = expected.filter((name) => names.includes(name));
  const at = kept.findIndex((name, i) => name !== due[i]);
  if (at >= 0 && due[at] !== undefined) {
    note(
      kept[at] as string,
      `The entries of ${label} are not in their order: ${kept[at]} stands where ${due[at]} belongs.`,
      `${label} 的条目次序不对：${due[at]} 的位置上是 ${kept[at]}。`,
    );
  }
}

/** Note that the content is not what the header's checksum says. */
export function checkCrc(archive: Archive, entry: Entry, crc: number, findings: Findings): void {
  if (crc !== entry.crc) {
    findings.invalid(
      "package", archive.place(entry.name),
      `The content of ${entry.name} does not match its checksum in ${archive.label}.`,
      `${entry.name} 的内容与其在 ${archive.label} 中的校验和不符。`,
    );
  }
}

