// X.690: DER read strictly; BER (which some authorities answer in) rewritten as DER.
import { type Bytes, compareBytes, concat, latin1, text, toBigInt } from "./bytes";
import { Fault } from "./fault";

export const INTEGER = 0x02;
export const BIT_STRING = 0x03;
export const OCTET_STRING = 0x04;
export const NULL = 0x05;
export const OID = 0x06;
export const ENUMERATED = 0x0a;
export const UTC_TIME = 0x17;
export const GENERALIZED_TIME = 0x18;
export const SEQUENCE = 0x30;
export const SET = 0x31;
const DEPTH = 50;

export class NotDer extends Fault {
  constructor() {
    super("it is not in DER.", "不是 DER 编码。");
  }
}

/** One value: its tag byte, the bytes of its content, and all of its bytes. */
export interface Value {
  tag: number;
  content: Bytes;
  bytes: Bytes;
}

function readAt(data: Bytes, at: number): Value {
  const tag = data[at];
  const first = data[at + 1];
  if (tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new NotDer();
  let size = first;
  let start = at + 2;
  if (first & 0x80) {
    const count = first & 0x7f;
    if (count < 1 || count > 4 || start + count > data.length) throw new NotDer();
    size = 0;
    for (let i = 0; i < count; i++) size = size * 256 + (data[start + i] as number);
    if (size < 128 || data[start] === 0) throw new NotDer();
    start += count;
  }
  const end = start + size;
  if (end > data.length) throw new NotDer();
  return { tag, content: data.subarray(start, end), bytes: data.subarray(at, end) };
}

/** The values that follow one another in `data` and fill it. */
export function valuesOf(data: Bytes): Value[] {
  const found: Value[] = [];
  for (let at = 0; at < data.length; ) {
    const value = readAt(data, at);
    found.push(value);
    at += value.bytes.length;
  }
  return found;
}

/** The one value that `data` is. */
export function readOne(data: Bytes, tag?: number): Value {
  const value = readAt(data, 0);
  if (value.bytes.length !== data.length || (tag !== undefined && value.tag !== tag)) throw new NotDer();
  return value;
}

/** Refuse what is not DER anywhere inside: lengths, integers, booleans, the order of sets. */
export function checkDer(value: Value, depth = 0): void {
  const { tag, content } = value;
  if (depth > DEPTH) throw new NotDer();
  if (tag === INTEGER || tag === ENUMERATED) {
    const padded = content.length > 1 && ((content[0] === 0 && !((content[1] as number) & 0x80)) || (content[0] === 255 && ((content[1] as number) & 0x80) !== 0));
    if (!content.length || padded) throw new NotDer();
  } else if (tag === 1) {
    if (content.length !== 1 || (content[0] !== 0 && content[0] !== 255)) throw new NotDer();
  } else if (tag === NULL) {
    if (content.length) throw new NotDer();
  } else if (tag === OID) {
    if (!content.length || (content[content.length - 1] as number) & 0x80) throw new NotDer();
  } else if (tag & 0x20) {
    const inner = valuesOf(content);
    inner.forEach((one) => checkDer(one, depth + 1));
    if (tag === SET) {
      inner.forEach((one, at) => {
        if (at > 0 && compareBytes((inner[at - 1] as Value).bytes, one.bytes) > 0) throw new NotDer();
      });
    }
  }
}

/** Reads the fields of a constructed value one after another. */
export class Fields {
  private at = 0;
  private readonly values: Value[];

  constructor(content: Bytes) {
    this.values = valuesOf(content);
  }

  get tag(): number | undefined {
    return this.values[this.at]?.tag;
  }

  take(tag?: number): Value {
    const value = this.values[this.at];
    if (value === undefined || (tag !== undefined && value.tag !== tag)) throw new NotDer();
    this.at++;
    return value;
  }

  maybe(tag: number): Value | null {
    return this.tag === tag ? this.take() : null;
  }

  sequence(): Fields {
    return new Fields(this.take(SEQUENCE).content);
  }

  rest(): Value[] {
    const left = this.values.slice(this.at);
    this.at = this.values.length;
    return left;
  }

  end(): void {
    if (this.at !== this.values.length) throw new NotDer();
  }
}

export function sequenceOf(value: Value): Fields {
  if (value.tag !== SEQUENCE) throw new NotDer();
  return new Fields(value.content);
}

export function oidOf(value: Value): string {
  if (value.tag !== OID) throw new NotDer();
  const parts: bigint[] = [];
  let number = 0n;
  for (const byte of value.content) {
    number = (number << 7n) | BigInt(byte & 0x7f);
    if (byte & 0x80) continue;
    if (!parts.length) {
      const first = number < 40n ? 0n : number < 80n ? 1n : 2n;
      parts.push(first, number - 40n * first);
    } else parts.push(number);
    number = 0n;
  }
  return parts.join(".");
}

export function integerOf(value: Value): bigint {
  if ((value.tag & 0x1f) !== INTEGER && value.tag !== ENUMERATED && !(value.tag & 0x80)) throw new NotDer();
  const size = BigInt(8 * value.content.length);
  const found = toBigInt(value.content);
  return (value.content[0] as number) & 0x80 ? found - (1n << size) : found;
}

export function bitsOf(value: Value): Bytes {
  if (value.tag !== BIT_STRING || value.content[0] !== 0) throw new NotDer();
  return value.content.subarray(1);
}

/** Microseconds since 1970 of a UTCTime or GeneralizedTime, in the forms that DER allows. */
export function timeOf(value: Value): number {
  const shown = latin1(value.content);
  let match: RegExpExecArray | null = null;
  let year = 0;
  if (value.tag === UTC_TIME) {
    match = /^(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)()Z$/.exec(shown);
    year = Number(match?.[1]);
    year += year < 50 ? 2000 : 1900;
  } else if (value.tag === GENERALIZED_TIME) {
    match = /^(\d{4})(\d\d)(\d\d)(\d\d)(\d\d)(\d\d)(?:\.(\d*[1-9]))?Z$/.exec(shown);
    year = Number(match?.[1]);
  }
  if (!match) throw new NotDer();
  const [month, day, hour, minute, second] = match.slice(2, 7).map(Number) as [number, number, number, number, number];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  if (date.getUTCMonth() !== month - 1 || date.getUTCDate() !== day || hour > 23 || minute > 59 || second > 59) {
    throw new NotDer();
  }
  const micros = Number((match[7] ?? "").slice(0, 6).padEnd(6, "0"));
  return date.getTime() * 1000 + micros;
}

export function textOf(value: Value): string {
  return text(value.content, "text");
}

function encode(tag: number, content: Bytes): Bytes {
  const size = content.length;
  if (size < 128) return concat(Uint8Array.of(tag, size), content);
  const digits: number[] = [];
  for (let left = size; left > 0; left = Math.floor(left / 256)) digits.unshift(left % 256);
  return concat(Uint8Array.of(tag, 0x80 | digits.length, ...digits), content);
}

/** DER of exactly one BER value: definite lengths, strings in one piece, sets in order. */
export function fromBer(data: Bytes): Bytes {
  const { der, end } = convert(data, 0, 0);
  if (end !== data.length) throw new NotDer();
  return der;
}

function convert(data: Bytes, at: number, depth: number): { der: Bytes; end: number; pieces: Bytes } {
  const tag = data[at];
  const first = data[at + 1];
  if (depth > DEPTH || tag === undefined || first === undefined || (tag & 0x1f) === 0x1f) throw new NotDer();
  let start = at + 2;
  let end = -1;
  if (first === 0x80) {
    if (!(tag & 0x20)) throw new NotDer();
  } else {
    let size = first;
    if (first & 0x80) {
      const count = first & 0x7f;
      size = 0;
      for (let i = 0; i < count; i++) {
        size = size * 256 + (data[start + i] ?? NaN);
        if (!(size <= data.length)) throw new NotDer();
      }
      start += count;
    }
    end = start + size;
    if (end > data.length) throw new NotDer();
  }
  if (!(tag & 0x20)) {
    const content = data.subarray(start, end);
    const whole = tag === 1 && content.length === 1 && content[0] !== 0 ? Uint8Array.of(255) : content;
    return { der: encode(tag, whole), end, pieces: content };
  }
  const inner: { der: Bytes; pieces: Bytes }[] = [];
  let next = start;
  while (end < 0 ? !(data[next] === 0 && data[next + 1] === 0) : next < end) {
    const one = convert(data, next, depth + 1);
    inner.push(one);
    next = one.end;
  }
  if (end >= 0 && next !== end) throw new NotDer();
  const after = end < 0 ? next + 2 : end;
  if (after > data.length) throw new NotDer();
  if (tag === 0x24) {
    const joined = concat(...inner.map((one) => one.pieces));
    return { der: encode(OCTET_STRING, joined), end: after, pieces: joined };
  }
  const parts = inner.map((one) => one.der);
  if (tag === SET) parts.sort(compareBytes);
  const content = concat(...parts);
  return { der: encode(tag, content), end: after, pieces: content };
}
