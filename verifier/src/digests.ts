// SHA-256 (FIPS 180-4), SM3 (GB/T 32905-2016), and CRC-32, all of them over streams.
import { HashMD } from "@noble/hashes/_md.js";
import { sha1 } from "@noble/hashes/legacy.js";
import { sha256, sha384, sha512 } from "@noble/hashes/sha2.js";
import { type Bytes, toHex } from "./bytes";
import { chunks, type Source } from "./source";

const IV = [
  0x7380166f, 0x4914b2b9, 0x172442d7, 0xda8a0600, 0xa96f30bc, 0x163138aa, 0xe38dee4d, 0xb0fb0e4e,
];
const W = new Uint32Array(68);
const T = new Uint32Array(64);
for (let j = 0; j < 64; j++) {
  const constant = j < 16 ? 0x79cc4519 : 0x7a879d8a;
  T[j] = (constant << j % 32) | (constant >>> ((32 - (j % 32)) % 32));
}

class Sm3 extends HashMD<Sm3> {
  private state = new Uint32Array(IV);

  constructor() {
    super(64, 32, 8, false);
  }

  protected override get(): number[] {
    return [...this.state];
  }

  protected override set(...state: number[]): void {
    this.state.set(state);
  }

  protected override process(view: DataView, offset: number): void {
    const w = W;
    for (let j = 0; j < 16; j++) w[j] = view.getUint32(offset + 4 * j, false);
    for (let j = 16; j < 68; j++) {
      const c = w[j - 3] as number;
      const x = (w[j - 16] as number) ^ (w[j - 9] as number) ^ ((c << 15) | (c >>> 17));
      const y = w[j - 13] as number;
      const p1 = x ^ ((x << 15) | (x >>> 17)) ^ ((x << 23) | (x >>> 9));
      w[j] = p1 ^ ((y << 7) | (y >>> 25)) ^ (w[j - 6] as number);
    }
    const s = this.state;
    let a = s[0] as number | 0;
    let b = s[1] as number | 0;
    let c = s[2] as number | 0;
    let d = s[3] as number | 0;
    let e = s[4] as number | 0;
    let f = s[5] as number | 0;
    let g = s[6] as number | 0;
    let h = s[7] as number | 0;
    for (let j = 0; j < 64; j++) {
      const a12 = (a << 12) | (a >>> 20);
      const sum = (a12 + e + (T[j] as number)) | 0;
      const ss1 = (sum << 7) | (sum >>> 25);
      const ss2 = ss1 ^ a12;
      const wj = w[j] as number;
      const ff = j < 16 ? a ^ b ^ c : (a & b) | (a & c) | (b & c);
      const gg = j < 16 ? e ^ f ^ g : (e & f) | (~e & g);
      const tt1 = (ff + d + ss2 + (wj ^ (w[j + 4] as number))) | 0;
      const tt2 = (gg + h + ss1 + wj) | 0;
      d = c;
      c = (b << 9) | (b >>> 23);
      b = a;
      a = tt1;
      h = g;
      g = (f << 19) | (f >>> 13);
      f = e;
      e = tt2 ^ ((tt2 << 9) | (tt2 >>> 23)) ^ ((tt2 << 17) | (tt2 >>> 15));
    }
    s[0] = (s[0] as number) ^ a;
    s[1] = (s[1] as number) ^ b;
    s[2] = (s[2] as number) ^ c;
    s[3] = (s[3] as number) ^ d;
    s[4] = (s[4] as number) ^ e;
    s[5] = (s[5] as number) ^ f;
    s[6] = (s[6] as number) ^ g;
    s[7] = (s[7] as number) ^ h;
  }

  protected override roundClean(): void {
    W.fill(0);
  }

  override destroy(): void {
    this.destroyed = true;
    this.state.fill(0);
  }

  override _cloneInto(to?: Sm3): Sm3 {
    const copy = to ?? new Sm3();
    copy.state.set(this.state);
    copy.buffer.set(this.buffer);
    copy.length = this.length;
    copy.pos = this.pos;
    copy.finished = this.finished;
    copy.destroyed = this.destroyed;
    return copy;
  }
}

export function sm3(data: Bytes): Bytes {
  return new Sm3().update(data).digest();
}

export type Algorithm = "sha1" | "sha256" | "sha384" | "sha512" | "sm3";
const FUNCTIONS: Record<Algorithm, (data: Bytes) => Bytes> = { sha1, sha256, sha384, sha512, sm3 };

export function digest(algorithm: Algorithm, data: Bytes): Bytes {
  return FUNCTIONS[algorithm](data);
}

export const sha256Hex = (data: Bytes): string => toHex(sha256(data));
export const sm3Hex = (data: Bytes): string => toHex(sm3(data));
export { sha256 };

const TABLES = Array.from({ length: 8 }, () => new Uint32Array(256));
for (let n = 0; n < 256; n++) {
  let value = n;
  for (let k = 0; k < 8; k++) value = value & 1 ? (value >>> 1) ^ 0xedb88320 : value >>> 1;
  (TABLES[0] as Uint32Array)[n] = value;
}
for (let k = 1; k < 8; k++) {
  for (let n = 0; n < 256; n++) {
    const before = TABLES[k - 1]?.[n] as number;
    (TABLES[k] as Uint32Array)[n] = (before >>> 8) ^ (TABLES[0]?.[before & 255] as number);
  }
}
const [T0, T1, T2, T3, T4, T5, T6, T7] = TABLES as [
  Uint32Array, Uint32Array, Uint32Array, Uint32Array,
  Uint32Array, Uint32Array, Uint32Array, Uint32Array,
];

/** CRC-32 of `data`, continuing from `start`. */
export function crc32(data: Bytes, start = 0): number {
  let crc = ~start;
  let i = 0;
  for (const end = data.length - 7; i < end; i += 8) {
    crc ^=
      (data[i] as number) | ((data[i + 1] as number) << 8) |
      ((data[i + 2] as number) << 16) | ((data[i + 3] as number) << 24);
    crc =
      (T7[crc & 255] as number) ^ (T6[(crc >>> 8) & 255] as number) ^
      (T5[(crc >>> 16) & 255] as number) ^ (T4[crc >>> 24] as number) ^
      (T3[data[i + 4] as number] as number) ^ (T2[data[i + 5] as number] as number) ^
      (T1[data[i + 6] as number] as number) ^ (T0[data[i + 7] as number] as number);
  }
  for (; i < data.length; i++) {
    crc = (crc >>> 8) ^ (T0[(crc ^ (data[i] as number)) & 255] as number);
  }
  return ~crc >>> 0;
}

export interface Digests {
  size: number;
  sha256: string;
  sm3: string;
  crc: number;
}

/** A streaming SHA-256, for what is too large to hold. */
export const streaming = (): { update(data: Bytes): unknown; digest(): Bytes } => sha256.create();

/** Size, SHA-256, SM3 and CRC-32 of a source, read once. */
export function measure(source: Source): Digests {
  const first = sha256.create();
  const second = new Sm3();
  let crc = 0;
  let size = 0;
  for (const chunk of chunks(source)) {
    first.update(chunk);
    second.update(chunk);
    crc = crc32(chunk, crc);
    size += chunk.length;
  }
  return { size, sha256: toHex(first.digest()), sm3: toHex(second.digest()), crc };
}

export interface Rehashed {
  size: number;
  sha512: string;
  sm3: string;
}

/** Size, SHA-512 and SM3 of a source: what a hash-tree renewal lists. */
export function rehash(source: Source): Rehashed {
  const first = sha512.create();
  const second = new Sm3();
  for (const chunk of chunks(source)) {
    first.update(chunk);
    second.update(chunk);
  }
  return { size: source.size, sha512: toHex(first.digest()), sm3: toHex(second.digest()) };
}
