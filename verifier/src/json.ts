// RFC 8785 JSON: parsed strictly, printed again, and refused if the bytes differ.
import { type Bytes, equal, text, utf8 } from "./bytes";
import { Fault } from "./fault";

export type Json = null | boolean | number | string | Json[] | { [key: string]: Json };
export type JsonObject = { [key: string]: Json };

const DEPTH = 200;
const LIMIT = 8 << 20;
const NUMBER = /-?(?:0|[1-9][0-9]*)(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?/y;

class Parser {
  private at = 0;

  constructor(
    private readonly source: string,
    private readonly noun: string,
  ) {}

  document(): Json {
    const value = this.value(0);
    if (this.at !== this.source.length) this.refuse("something follows its end", "末尾之后还有内容");
    return value;
  }

  private refuse(en: string, zh: string): never {
    throw new Fault(`${this.noun}: ${en}.`, `${this.noun}：${zh}。`);
  }

  private notJson(): never {
    return this.refuse(`it is not JSON (character ${this.at})`, `不是 JSON（第 ${this.at} 个字符处）`);
  }

  // White space is not skipped: canonical JSON has none.
  private value(depth: number): Json {
    if (depth > DEPTH) this.refuse("it is nested too deeply", "嵌套过深");
    const letter = this.source[this.at];
    if (letter === "{") return this.object(depth);
    if (letter === "[") return this.array(depth);
    if (letter === '"') return this.string();
    for (const [word, value] of [["null", null], ["true", true], ["false", false]] as const) {
      if (this.source.startsWith(word, this.at)) {
        this.at += word.length;
        return value;
      }
    }
    return this.number();
  }

  private number(): number {
    NUMBER.lastIndex = this.at;
    const match = NUMBER.exec(this.source)?.[0];
    if (match === undefined) return this.notJson();
    const value = Number(match);
    const whole = /^-?[0-9]+$/.test(match);
    if (!Number.isFinite(value) || (whole && !Number.isSafeInteger(value))) {
      this.refuse(`${match.slice(0, 40)} is not a number of canonical JSON`, "数值超出规范 JSON 的范围");
    }
    this.at += match.length;
    return value;
  }

  private string(): string {
    let end = this.at + 1;
    for (; this.source[end] !== '"'; end++) {
      const code = this.source.charCodeAt(end);
      if (Number.isNaN(code) || code < 0x20) return this.notJson();
      if (code === 0x5c) end++;
    }
    const literal = this.source.slice(this.at, end + 1);
    let value: unknown;
    try {
      value = JSON.parse(literal);
    } catch {
      return this.notJson();
    }
    if (typeof value !== "string") return this.notJson();
    if (/\p{Surrogate}/u.test(value)) {
      this.refuse("it holds a lone surrogate", "含有孤立的代理字符");
    }
    this.at = end + 1;
    return value;
  }

  private array(depth: number): Json[] {
    const found: Json[] = [];
    this.at++;
    if (this.source[this.at] === "]") {
      this.at++;
      return found;
    }
    for (;;) {
      found.push(this.value(depth + 1));
      const next = this.source[this.at++];
      if (next === "]") return found;
      if (next !== ",") return this.notJson();
    }
  }

  private object(depth: number): JsonObject {
    const found = Object.create(null) as JsonObject;
    this.at++;
    if (this.source[this.at] === "}") {
      this.at++;
      return found;
    }
    for (;;) {
      if (this.source[this.at] !== '"') return this.notJson();
      const key = this.string();
      if (key in found) this.refuse(`the key "${key}" occurs twice`, `键“${key}”出现两次`);
      if (this.source[this.at++] !== ":") return this.notJson();
      found[key] = this.value(depth + 1);
      const next = this.source[this.at++];
      if (next === "}") return found;
      if (next !== ",") return this.notJson();
    }
  }
}

/** The canonical text of a value. */
export function print(value: Json): string {
  if (value === null || typeof value !== "object") return JSON.stringify(value);
  if (Array.isArray(value)) return `[${value.map(print).join(",")}]`;
  // The default order of sort() is that of UTF-16 code units.
  const keys = Object.keys(value).sort();
  return `{${keys.map((key) => `${JSON.stringify(key)}:${print(value[key] as Json)}`).join(",")}}`;
}

export const printed = (value: Json): Bytes => utf8(print(value));

/** The value of canonical JSON bytes; `noun` names the document in faults. */
export function parse(data: Bytes, noun: string, limit = LIMIT): Json {
  if (data.length > limit) {
    throw new Fault(`${noun} is larger than ${limit} bytes.`, `${noun} 超过 ${limit} 字节。`);
  }
  const source = text(data, noun);
  if (source.startsWith("\ufeff")) {
    throw new Fault(`${noun} begins with a byte order mark.`, `${noun} 以字节顺序标记开头。`);
  }
  if (!/^[[{"\-0-9ntf]/.test(source)) {
    throw new Fault(`${noun} is not canonical JSON.`, `${noun} 不是规范 JSON。`);
  }
  const value = new Parser(source, noun).document();
  if (!equal(printed(value), data)) {
    throw new Fault(
      `${noun} is JSON, but not in its canonical form (RFC 8785).`,
      `${noun} 是 JSON，但不是规范形式（RFC 8785）。`,
    );
  }
  return value;
}

export function isObject(value: Json | undefined): value is JsonObject {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A canonical JSON object, with any fields. */
export function parseObject(data: Bytes, noun: string, limit = LIMIT): JsonObject {
  const value = parse(data, noun, limit);
  if (!isObject(value)) throw new Fault(`${noun} is not an object.`, `${noun} 不是 JSON 对象。`);
  return value;
}
