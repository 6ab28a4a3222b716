// Bytes: hexadecimal, base64 (RFC 4648, section 4, canonical), strict UTF-8, big-endian numbers.
import { Fault } from "./fault";

export type Bytes = Uint8Array;

const HEX = Array.from({ length: 256 }, (_, n) => n.toString(16).padStart(2, "0"));

export function toHex(data: Bytes): string {
  let text = "";
  for (const byte of data) text += HEX[byte];
  return text;
}

export function fromHex(text: string): Bytes {
  const out = new Uint8Array(text.length >> 1);
  for (let i = 0; i < out.length; i++) out[i] = parseInt(text.slice(2 * i, 2 * i + 2), 16);
  return out;
}

export function equal(a: Bytes, b: Bytes): boolean {
  if (a.length !== b.length) return false;
  for (let i = 0; i < a.length; i++) if (a[i] !== b[i]) return false;
  return true;
}

/** Order of two byte strings, as sorting needs it. */
export function compareBytes(a: Bytes, b: Bytes): number {
  const n = Math.min(a.length, b.length);
  for (let i = 0; i < n; i++) if (a[i] !== b[i]) return (a[i] as number) - (b[i] as number);
  return a.length - b.length;
}

export function concat(...parts: Bytes[]): Bytes {
  const out = new Uint8Array(parts.reduce((n, part) => n + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

const encoder = new TextEncoder();
const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });

export function utf8(text: string): Bytes {
  return encoder.encode(text);
}

/** The text of UTF-8 bytes; a fault if they are none. A byte order mark stays in the text. */
export function text(data: Bytes, noun: string): string {
  try {
    return decoder.decode(data);
  } catch {
    throw new Fault(`${noun} is not UTF-8.`, `${noun} 不是 UTF-8。`);
  }
}

/** The bytes as text, one character for each byte (ISO 8859-1). */
export function latin1(data: Bytes): string {
  let out = "";
  for (let at = 0; at < data.length; at += 8192) {
    out += String.fromCharCode(...data.subarray(at, at + 8192));
  }
  return out;
}

const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
const VALUES = new Map([...ALPHABET].map((letter, value) => [letter, value]));

export function toBase64(data: Bytes): string {
  let out = "";
  for (let i = 0; i < data.length; i += 3) {
    const a = data[i] as number;
    const b = data[i + 1];
    const c = data[i + 2];
    out += ALPHABET[a >> 2];
    out += ALPHABET[((a & 3) << 4) | ((b ?? 0) >> 4)];
    out += b === undefined ? "=" : ALPHABET[((b & 15) << 2) | ((c ?? 0) >> 6)];
    out += c === undefined ? "=" : ALPHABET[c & 63];
  }
  return out;
}

/** The bytes of padded, canonical base64; a fault if it is anything else. */
export function fromBase64(value: string, noun: string): Bytes {
  const bad = () => new Fault(`${noun} is not base64.`, `${noun} 不是规范的 base64。`);
  if (value.length % 4) throw bad();
  const padding = value.endsWith("==") ? 2 : value.endsWith("=") ? 1 : 0;
  const out = new Uint8Array((value.length / 4) * 3 - padding);
  let bits = 0;
  let held = 0;
  let at = 0;
  for (let i = 0; i < value.length - padding; i++) {
    const digit = VALUES.get(value[i] as string);
    if (digit === undefined) throw bad();
    held = ((held << 6) | digit) & 0xffffff;
    bits += 6;
    if (bits >= 8) {
      bits -= 8;
      out[at++] = (held >> bits) & 255;
    }
  }
  if (bits && held & ((1 << bits) - 1)) throw bad();
  return out;
}

export function uint(data: Bytes, at: number, size: number): number {
  let value = 0;
  for (let i = 0; i < size; i++) value = value * 256 + (data[at + i] ?? 0);
  return value;
}

export function toBigInt(data: Bytes): bigint {
  return data.length ? BigInt("0x" + toHex(data)) : 0n;
}

/** Where `needle` first occurs in `data` from `from` on, or -1. */
export function indexOf(data: Bytes, needle: Bytes, from = 0): number {
  const first = needle[0] as number;
  for (let at = data.indexOf(first, from); at >= 0; at = data.indexOf(first, at + 1)) {
    if (at + needle.length > data.length) return -1;
    let i = 1;
    while (i < needle.length && data[at + i] === needle[i]) i++;
    if (i === needle.length) return at;
  }
  return -1;
}

export function startsWith(data: Bytes, head: string): boolean {
  if (data.length < head.length) return false;
  for (let i = 0; i < head.length; i++) if (data[i] !== head.charCodeAt(i)) return false;
  return true;
}
