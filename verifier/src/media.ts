// Bounds of pictures, pages and films: whole files of their kind, and nothing stuck to them.
import { type Bytes, concat, equal, indexOf, latin1, startsWith, uint, utf8 } from "./bytes";
import { crc32 } from "./digests";
import { Fault } from "./fault";
import { chunks, CHUNK, type Source } from "./source";

const PNG_SIGN = Uint8Array.of(0x89, 0x50, 0x4e, 0x47, 13, 10, 26, 10);
const SIDE = 1 << 20;

export interface Size {
  width: number;
  height: number;
}

/** Width and height of a whole PNG (ISO 15948). */
export function checkPng(source: Source): Size {
  const bad = (en: string, zh: string): Fault => new Fault(`It is not a whole PNG file: ${en}.`, `不是完整的 PNG 文件：${zh}。`);
  if (!equal(source.read(0, 8), PNG_SIGN)) throw bad("its signature is missing", "缺少文件标记");
  let size: Size | null = null;
  let kind = "";
  let count = 0;
  let pictured = false;
  for (let at = 8; at < source.size; count++) {
    const head = source.read(at, 8);
    const length = uint(head, 0, 4);
    if (head.length < 8 || at + 12 + length > source.size || count > 1 << 20) throw bad("a chunk is cut off", "数据块不完整");
    if (kind === "IEND") throw bad("a chunk stands after its end", "结尾之后另有数据块");
    kind = latin1(head.slice(4));
    pictured ||= kind === "IDAT";
    let crc = crc32(head.slice(4));
    for (let part = 0; part < length; part += CHUNK) {
      crc = crc32(source.read(at + 8 + part, Math.min(CHUNK, length - part)), crc);
    }
    if (uint(source.read(at + 8 + length, 4), 0, 4) !== crc) throw bad("a chunk's checksum is wrong", "数据块的校验和不对");
    if (kind === "IHDR" && size) throw bad("it has two heads", "有两个文件头");
    if (count === 0) {
      if (kind !== "IHDR" || length !== 13) throw bad("it does not begin with IHDR", "不以 IHDR 开头");
      const fields = source.read(at + 8, 8);
      size = { width: uint(fields, 0, 4), height: uint(fields, 4, 4) };
    }
    at += 12 + length;
  }
  if (!size || kind !== "IEND") throw bad("it has no end", "没有结尾");
  if (!pictured) throw bad("it has no picture data", "没有图像数据");
  if (!size.width || !size.height || size.width > SIDE || size.height > SIDE) throw bad("its size is out of bounds", "尺寸超出范围");
  return size;
}

export function checkPdf(source: Source): void {
  const tail = latin1(source.read(Math.max(0, source.size - 64), 64)).replace(/[\r\n]+$/, "");
  if (!startsWith(source.read(0, 8), "%PDF-") || !tail.endsWith("%%EOF")) {
    throw new Fault("It is not a whole PDF file, or something follows its end.", "不是完整的 PDF 文件，或其后另有字节。");
  }
}

export function checkText(source: Source, name: string): void {
  const decoder = new TextDecoder("utf-8", { fatal: true });
  try {
    for (const chunk of chunks(source)) decoder.decode(chunk, { stream: true });
    decoder.decode();
  } catch {
    throw new Fault(`${name} is not UTF-8.`, `${name} 不是 UTF-8。`);
  }
}

/** One multipart/related message (RFC 2557) with an end. */
export function checkMhtml(source: Source): void {
  const bad = (): Fault => new Fault("It is not a whole MHTML file.", "不是完整的 MHTML 文件。");
  const start = latin1(source.read(0, 64 << 10));
  const end = /\r?\n\r?\n/.exec(start);
  if (!end) throw bad();
  const head = start.slice(0, end.index).replace(/\r?\n[ \t]+/g, " ");
  const types = [...head.matchAll(/^content-type:(.*)$/gim)].map((m) => (m[1] as string).trim());
  const boundary = /;\s*boundary=(?:"([^"]*)"|([^\s;]*))/i.exec(types[0] ?? "");
  const mark = boundary?.[1] ?? boundary?.[2] ?? "";
  if (!/^multipart\/related\s*(;|$)/i.test(types[0] ?? "") || !/^[0-9A-Za-z'()+_,./:=?-]{1,70}$/.test(mark)) throw bad();
  const tail = latin1(source.read(Math.max(0, source.size - 256), 256)).replace(/[\r\n]+$/, "");
  if (!contains(source, utf8(`--${mark}`)) || !tail.endsWith(`--${mark}--`)) throw bad();
}

function contains(source: Source, needle: Bytes): boolean {
  let tail: Bytes = new Uint8Array(0);
  for (const chunk of chunks(source)) {
    const data = concat(tail, chunk);
    if (indexOf(data, needle) >= 0) return true;
    tail = data.slice(-needle.length);
  }
  return false;
}

const EBML = 0x1a45dfa3;
const DOC_TYPE = 0x4282;
const SEGMENT = 0x18538067;
const INFO = 0x1549a966;
const TRACKS = 0x1654ae6b;
const CLUSTER = 0x1f43b675;

interface Element {
  id: number;
  at: number;
  size: number;
}

const notFilm = (): Fault => new Fault("It is not a whole WebM film.", "不是完整的 WebM 录像。");

function variable(source: Source, at: number, widest: number, keepMark: boolean): { value: number; after: number } {
  const first = source.read(at, 1)[0] ?? 0;
  const width = Math.clz32(first) - 23;
  const raw = source.read(at, width);
  if (width > widest || raw.length < width) throw notFilm();
  let value = keepMark ? first : first & (0xff >> width);
  let unknown = !keepMark && value === 0xff >> width;
  for (const byte of raw.subarray(1)) {
    value = value * 256 + byte;
    unknown &&= byte === 255;
  }
  if (unknown) throw notFilm();
  return { value, after: at + width };
}

function elements(source: Source, from: number, end: number, most: number): Element[] {
  const found: Element[] = [];
  for (let at = from; at !== end; ) {
    if (found.length >= most || at > end) throw notFilm();
    const id = variable(source, at, 4, true);
    const size = variable(source, id.after, 8, false);
    if (size.after + size.value > end) throw notFilm();
    found.push({ id: id.value, at: size.after, size: size.value });
    at = size.after + size.value;
  }
  return found;
}

/** One header and one segment, with known sizes that fill the file (RFC 9559). */
export function checkWebm(source: Source): void {
  const [header, segment, ...more] = elements(source, 0, source.size, 2);
  if (header?.id !== EBML || segment?.id !== SEGMENT || more.length || header.size > 64 << 10) throw notFilm();
  const types = elements(source, header.at, header.at + header.size, 64).filter((e) => e.id === DOC_TYPE);
  const type = types.map((e) => latin1(source.read(e.at, e.size)).replace(/\0+$/, ""));
  if (type.length !== 1 || type[0] !== "webm") throw notFilm();
  const inner = elements(source, segment.at, segment.at + segment.size, 1 << 16).map((e) => e.id);
  const count = (id: number): number => inner.filter((one) => one === id).length;
  if (count(INFO) !== 1 || count(TRACKS) !== 1 || count(CLUSTER) < 1) throw notFilm();
}
