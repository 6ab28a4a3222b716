// DEFLATE (RFC 1951) and gzip members (RFC 1952), streaming, without a WebAssembly or a library.
import { type Bytes, concat, uint } from "./bytes";
import { crc32 } from "./digests";
import { Fault } from "./fault";
import { Memory, type Source } from "./source";

const LENGTH_BASE = [3, 4, 5, 6, 7, 8, 9, 10, 11, 13, 15, 17, 19, 23, 27, 31, 35, 43, 51, 59, 67, 83, 99, 115, 131, 163, 195, 227, 258];
const LENGTH_EXTRA = [0, 0, 0, 0, 0, 0, 0, 0, 1, 1, 1, 1, 2, 2, 2, 2, 3, 3, 3, 3, 4, 4, 4, 4, 5, 5, 5, 5, 0];
const DISTANCE_BASE = [1, 2, 3, 4, 5, 7, 9, 13, 17, 25, 33, 49, 65, 97, 129, 193, 257, 385, 513, 769, 1025, 1537, 2049, 3073, 4097, 6145, 8193, 12289, 16385, 24577];
const DISTANCE_EXTRA = [0, 0, 0, 0, 1, 1, 2, 2, 3, 3, 4, 4, 5, 5, 6, 6, 7, 7, 8, 8, 9, 9, 10, 10, 11, 11, 12, 12, 13, 13];
const CODE_ORDER = [16, 17, 18, 0, 8, 7, 9, 6, 10, 5, 11, 4, 12, 3, 13, 2, 14, 1, 15];
const WINDOW = 32768;
const PIECE = 1 << 17;

class Broken extends Error {}

/** A table from the next `bits` bits to symbol and length: `symbol << 4 | length`; 0 is no code. */
interface Table {
  bits: number;
  codes: Uint16Array;
}

/** Build a canonical Huffman code. `lone` allows the incomplete code of one symbol (or none). */
function table(lengths: Uint8Array, lone: boolean): Table {
  const count = new Uint16Array(16);
  for (const length of lengths) count[length] = (count[length] as number) + 1;
  count[0] = 0;
  let left = 1;
  let bits = 0;
  for (let n = 1; n <= 15; n++) {
    left = left * 2 - (count[n] as number);
    if (left < 0) throw new Broken("over-subscribed code");
    if (count[n]) bits = n;
  }
  const used = count.reduce((sum, n) => sum + n, 0);
  if (left > 0 && !(lone && (used === 0 || (used === 1 && bits === 1)))) throw new Broken("incomplete code");
  const next = new Uint16Array(16);
  for (let n = 1, code = 0; n <= 15; n++) {
    code = (code + (count[n - 1] as number)) << 1;
    next[n] = code;
  }
  const codes = new Uint16Array(1 << bits);
  lengths.forEach((length, symbol) => {
    if (!length) return;
    const code = next[length] as number;
    next[length] = code + 1;
    let reversed = 0;
    for (let n = 0; n < length; n++) reversed |= ((code >> n) & 1) << (length - 1 - n);
    for (let at = reversed; at < codes.length; at += 1 << length) codes[at] = (symbol << 4) | length;
  });
  return { bits, codes };
}

function fixed(): { literals: Table; distances: Table } {
  const lengths = new Uint8Array(288);
  lengths.fill(8, 0, 144).fill(9, 144, 256).fill(7, 256, 280).fill(8, 280, 288);
  return { literals: table(lengths, false), distances: table(new Uint8Array(32).fill(5), false) };
}
const FIXED = fixed();

class Reader {
  private held = 0;
  private bits = 0;
  private chunk: Bytes = new Uint8Array(0);
  private chunkAt = 0;
  private at = 0;

  constructor(
    private readonly source: Source,
    start: number,
  ) {
    this.chunkAt = start;
  }

  private byte(): number {
    if (this.at >= this.chunk.length) {
      this.chunkAt += this.chunk.length;
      this.chunk = this.source.read(this.chunkAt, 1 << 16);
      this.at = 0;
      if (!this.chunk.length) return -1;
    }
    return this.chunk[this.at++] as number;
  }

  take(count: number): number {
    while (this.bits < count) {
      const byte = this.byte();
      if (byte < 0) throw new Broken("cut off");
      this.held |= byte << this.bits;
      this.bits += 8;
    }
    const value = this.held & ((1 << count) - 1);
    this.held >>>= count;
    this.bits -= count;
    return value;
  }

  symbol(code: Table): number {
    while (this.bits < code.bits) {
      const byte = this.byte();
      if (byte < 0) break;
      this.held |= byte << this.bits;
      this.bits += 8;
    }
    const entry = code.codes[this.held & ((1 << code.bits) - 1)] as number;
    const length = entry & 15;
    if (!length || length > this.bits) throw new Broken("no such code");
    this.held >>>= length;
    this.bits -= length;
    return entry >> 4;
  }

  /** Forget the bits up to the next byte; return where that byte is. */
  align(): number {
    this.held >>>= this.bits & 7;
    this.bits -= this.bits & 7;
    return this.position;
  }

  /** Where the next unread byte is, when aligned. */
  get position(): number {
    return this.chunkAt + this.at - (this.bits >> 3);
  }
}

function dynamic(reader: Reader): { literals: Table; distances: Table } {
  const literals = reader.take(5) + 257;
  const distances = reader.take(5) + 1;
  const given = reader.take(4) + 4;
  if (literals > 286 || distances > 30) throw new Broken("too many codes");
  const first = new Uint8Array(19);
  for (let n = 0; n < given; n++) first[CODE_ORDER[n] as number] = reader.take(3);
  const code = table(first, false);
  const lengths = new Uint8Array(literals + distances);
  for (let at = 0; at < lengths.length; ) {
    const symbol = reader.symbol(code);
    if (symbol < 16) {
      lengths[at++] = symbol;
      continue;
    }
    if (symbol === 16 && at === 0) throw new Broken("nothing to repeat");
    const value = symbol === 16 ? (lengths[at - 1] as number) : 0;
    const times = symbol === 16 ? 3 + reader.take(2) : symbol === 17 ? 3 + reader.take(3) : 11 + reader.take(7);
    if (at + times > lengths.length) throw new Broken("too many lengths");
    lengths.fill(value, at, at + times);
    at += times;
  }
  if (!lengths[256]) throw new Broken("no end of block");
  return {
    literals: table(lengths.subarray(0, literals), true),
    distances: table(lengths.subarray(literals), true),
  };
}

/** Inflate from `start`; yields pieces that stay as they are; returns where the stream ended. */
function* inflate(source: Source, start: number): Generator<Bytes, number> {
  const reader = new Reader(source, start);
  const out = new Uint8Array(WINDOW + PIECE + 258);
  let from = 0; // of what was not yielded yet
  let at = 0;
  const full = (): boolean => at >= WINDOW + PIECE;
  const flush = (): Bytes => {
    const piece = out.slice(from, at);
    const keep = Math.min(at, WINDOW);
    out.copyWithin(0, at - keep, at);
    from = at = keep;
    return piece;
  };
  for (let last = 0; !last; ) {
    last = reader.take(1);
    const kind = reader.take(2);
    if (kind === 3) throw new Broken("unknown kind of block");
    if (kind === 0) {
      reader.align();
      const length = reader.take(16);
      if ((reader.take(16) ^ 0xffff) !== length) throw new Broken("bad stored block");
      for (let n = 0; n < length; n++) {
        out[at++] = reader.take(8);
        if (full()) yield flush();
      }
      continue;
    }
    const { literals, distances } = kind === 1 ? FIXED : dynamic(reader);
    for (;;) {
      const symbol = reader.symbol(literals);
      if (symbol < 256) out[at++] = symbol;
      else if (symbol === 256) break;
      else {
        if (symbol > 285) throw new Broken("no such length");
        const length = (LENGTH_BASE[symbol - 257] as number) + reader.take(LENGTH_EXTRA[symbol - 257] as number);
        const which = reader.symbol(distances);
        if (which > 29) throw new Broken("no such distance");
        const back = (DISTANCE_BASE[which] as number) + reader.take(DISTANCE_EXTRA[which] as number);
        if (back > at) throw new Broken("distance too far back");
        for (let n = 0; n < length; n++, at++) out[at] = out[at - back] as number;
      }
      if (full()) yield flush();
    }
  }
  yield flush();
  return reader.align();
}

/** The unpacked bytes of a raw deflate stream of at most `limit` bytes, which fills `packed`. */
export function inflateRaw(packed: Bytes, limit: number, noun: string): Bytes {
  const parts: Bytes[] = [];
  let total = 0;
  try {
    for (const piece of inflate(new Memory(packed), 0)) {
      total += piece.length;
      if (total > limit) throw new Broken("more than the limit");
      parts.push(piece);
    }
  } catch (error) {
    if (error instanceof Broken) {
      throw new Fault(`${noun} cannot be unpacked (${error.message}).`, `${noun} 无法解压（${error.message}）。`);
    }
    throw error;
  }
  return concat(...parts);
}

/**
 * The content of the gzip member at `start`, piece by piece; returns where the next one begins.
 * CRC and size of the member are checked. A fault says what is wrong with it.
 */
export function* gunzip(source: Source, start: number, noun: string): Generator<Bytes, number> {
  const bad = (en: string, zh: string): Fault =>
    new Fault(`${noun}: the gzip member at byte ${start} ${en}.`, `${noun}：第 ${start} 字节处的 gzip 成员${zh}。`);
  const head = source.read(start, 10);
  const flags = head[3] as number;
  if (head.length < 10 || head[0] !== 0x1f || head[1] !== 0x8b || head[2] !== 8 || flags & 0xe0) {
    throw bad("has no gzip header", "没有 gzip 文件头");
  }
  let at = start + 10;
  if (flags & 4) {
    const extra = source.read(at, 2);
    at += 2 + (extra[0] ?? 0) + 256 * (extra[1] ?? 0);
  }
  for (const flag of [8, 16]) {
    if (!(flags & flag)) continue;
    let byte = source.read(at++, 1)[0];
    for (let n = 0; byte !== 0; n++) {
      if (byte === undefined || n > 1024) throw bad("has no gzip header", "没有 gzip 文件头");
      byte = source.read(at++, 1)[0];
    }
  }
  if (flags & 2) {
    const stated = source.read(at, 2);
    if ((crc32(source.read(start, at - start)) & 0xffff) !== (stated[0] ?? 0) + 256 * (stated[1] ?? 0)) {
      throw bad("has a damaged header", "的文件头已损坏");
    }
    at += 2;
  }
  let crc = 0;
  let size = 0;
  try {
    const pieces = inflate(source, at);
    for (;;) {
      const next = pieces.next();
      if (next.done) {
        at = next.value;
        break;
      }
      crc = crc32(next.value, crc);
      size = (size + next.value.length) % 2 ** 32;
      yield next.value;
    }
  } catch (error) {
    if (error instanceof Broken) throw bad(`cannot be unpacked (${error.message})`, `无法解压（${error.message}）`);
    throw error;
  }
  const tail = source.read(at, 8).slice().reverse();
  if (tail.length < 8 || uint(tail, 4, 4) !== crc || uint(tail, 0, 4) !== size) {
    throw bad("does not match its checksum", "与其校验和不符");
  }
  return at + 8;
}
