// The shapes of strict JSON: exactly these fields, each of its kind.
import { fromBase64, type Bytes } from "./bytes";
import { Fault } from "./fault";
import { isObject, type Json, type JsonObject } from "./json";

/** Reads one value; a fault names `noun`. */
export type Kind<T> = (value: Json, noun: string) => T;

function wrong(noun: string): Fault {
  return new Fault(`${noun} has the wrong form.`, `${noun} 的形式不对。`);
}

function matching(pattern: RegExp): Kind<string> {
  return (value, noun) => {
    if (typeof value !== "string" || !pattern.test(value)) throw wrong(noun);
    return value;
  };
}

export const string: Kind<string> = matching(/^/);
export const hex64 = matching(/^[0-9a-f]{64}$/);
export const hex32 = matching(/^[0-9a-f]{32}$/);
export const code = matching(/^[a-z][a-z0-9_-]{0,63}$/);
export const authority = matching(/^(?!(?:attempt|outcome|dossier)$)[a-z0-9][a-z0-9-]{0,39}$/);
export const object: Kind<JsonObject> = (value, noun) => {
  if (!isObject(value)) throw wrong(noun);
  return value;
};

export const integer: Kind<number> = (value, noun) => {
  if (typeof value !== "number" || !Number.isSafeInteger(value) || value < 0) throw wrong(noun);
  return value;
};

export function atLeast(least: number): Kind<number> {
  return (value, noun) => {
    if (integer(value, noun) < least) throw wrong(noun);
    return value as number;
  };
}

export function word<T extends string>(...words: T[]): Kind<T> {
  return (value, noun) => {
    if (!words.includes(value as T)) throw wrong(noun);
    return value as T;
  };
}

export function orNull<T>(kind: Kind<T>): Kind<T | null> {
  return (value, noun) => (value === null ? null : kind(value, noun));
}

export function list<T>(kind: Kind<T>, least = 0, most = Infinity): Kind<T[]> {
  return (value, noun) => {
    if (!Array.isArray(value) || value.length < least || value.length > most) throw wrong(noun);
    return value.map((item, at) => kind(item, `${noun}[${at}]`));
  };
}

export function base64(size?: number): Kind<Bytes> {
  return (value, noun) => {
    const data = fromBase64(string(value, noun), noun);
    if (size !== undefined && data.length !== size) throw wrong(noun);
    return data;
  };
}

/** Microseconds since 1970 of a time `YYYY-MM-DDTHH:MM:SS.ffffffZ`. */
export const time: Kind<number> = (value, noun) => {
  const found = parseTime(value);
  if (found === null) throw wrong(noun);
  return found;
};

export function parseTime(value: unknown): number | null {
  const match = typeof value === "string" && /^(\d{4})-(\d\d)-(\d\d)T(\d\d):(\d\d):(\d\d)\.(\d{6})Z$/.exec(value);
  if (!match) return null;
  const [year, month, day, hour, minute, second, micro] = match.slice(1).map(Number) as [
    number, number, number, number, number, number, number,
  ];
  const date = new Date(0);
  date.setUTCFullYear(year, month - 1, day);
  date.setUTCHours(hour, minute, second);
  const same =
    year > 0 && date.getUTCFullYear() === year && date.getUTCMonth() === month - 1 && date.getUTCDate() === day &&
    hour < 24 && minute < 60 && second < 60;
  return same ? date.getTime() * 1000 + micro : null;
}

/** The time in our one form. */
export function formatTime(micros: number): string {
  const seconds = Math.floor(micros / 1e6);
  const rest = String(micros - seconds * 1e6).padStart(6, "0");
  return `${new Date(seconds * 1000).toISOString().slice(0, 19)}.${rest}Z`;
}

type Fields = { [key: string]: Kind<unknown> };
type Shape<F extends Fields> = { [K in keyof F]: F[K] extends Kind<infer T> ? T : never };

/** An object with exactly these fields. */
export function exactly<F extends Fields>(fields: F): Kind<Shape<F>> {
  return (value, noun) => {
    if (!isObject(value)) throw new Fault(`${noun} is not an object.`, `${noun} 不是 JSON 对象。`);
    for (const key of Object.keys(value)) {
      if (!Object.prototype.hasOwnProperty.call(fields, key)) {
        throw new Fault(`${noun} has the unknown field "${key}".`, `${noun} 有未知字段“${key}”。`);
      }
    }
    const out: { [key: string]: unknown } = {};
    for (const [key, kind] of Object.entries(fields)) {
      const item = value[key];
      if (item === undefined) {
        throw new Fault(`${noun} lacks the field "${key}".`, `${noun} 缺少字段“${key}”。`);
      }
      out[key] = kind(item, `${noun}: ${key}`);
    }
    return out as Shape<F>;
  };
}
