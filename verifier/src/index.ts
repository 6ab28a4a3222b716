// indexes/index.cdx and pages/pages.jsonl, line by line.
import { type Bytes, compareBytes, text, utf8 } from "./bytes";
import { Fault } from "./fault";
import { isObject, parse, print } from "./json";
import { INDEX, PAGES } from "./names";
import * as s from "./shape";

const LINE = 64 << 10;
const MOST = 20_000;

export interface IndexLine {
  time: string;
  url: string;
  digest: string;
  length: number;
  offset: number;
  filename: string;
}

function lines(data: Bytes, noun: string): string[] {
  const all = text(data, noun);
  if (!all.endsWith("\n")) throw new Fault(`${noun} does not end in a newline.`, `${noun} 不以换行结尾。`);
  const found = all.slice(0, -1).split("\n");
  if (found.length > MOST) throw new Fault(`${noun} has more than ${MOST} lines.`, `${noun} 超过 ${MOST} 行。`);
  return found;
}

const needed = { url: s.string, mime: s.string, digest: s.string, length: s.string, offset: s.string, filename: s.string };
const optional = ["status", "method", "requestBody"] as const;

export function parseIndex(data: Bytes): IndexLine[] {
  if (!data.length) return [];
  const rows = lines(data, INDEX);
  const sorted = rows.every((row, at) => at === 0 || compareBytes(utf8(rows[at - 1] as string), utf8(row)) < 0);
  if (!sorted) throw new Fault(`${INDEX} is not sorted, or has a line twice.`, `${INDEX} 未排序或有重复行。`);
  return rows.map((row, at) => parseLine(row, `${INDEX} line ${at + 1}`));
}

function parseLine(row: string, noun: string): IndexLine {
  const wrong = (): Fault => new Fault(`${noun} is not as an index line should be.`, `${noun} 不是应有的索引行。`);
  const match = /^([!-~]+) (\d{14}) (\{.*\})$/.exec(row);
  if (!match) throw wrong();
  const value = parse(utf8(match[3] as string), noun, LINE);
  if (!isObject(value)) throw wrong();
  const given = optional.filter((name) => name in value);
  const shape = { ...needed, ...Object.fromEntries(given.map((name) => [name, s.string])) };
  const fields = s.exactly(shape)(value, noun);
  const number = (digits: string): number => {
    if (!/^(0|[1-9][0-9]{0,15})$/.test(digits)) throw wrong();
    return Number(digits);
  };
  const method = value["method"];
  const named = method === undefined || (method !== "GET" && /^[!-~]{1,40}$/.test(String(method)));
  if ("method" in value !== "requestBody" in value || !named) throw wrong();
  if ("status" in value) number(String(value["status"]));
  return {
    time: match[2] as string, url: fields.url, digest: fields.digest, filename: fields.filename,
    length: number(fields.length), offset: number(fields.offset),
  };
}

const page = s.exactly({ id: s.string, url: s.string, ts: s.string, title: s.string });

export function checkPages(data: Bytes): void {
  const [first, ...rows] = lines(data, PAGES);
  if (first !== print({ format: "json-pages-1.0", id: "pages", title: "All Pages" })) {
    throw new Fault(`${PAGES} has an unknown first line.`, `${PAGES} 的首行未知。`);
  }
  rows.forEach((row, at) => page(parse(utf8(row), `${PAGES} line ${at + 2}`, LINE), `${PAGES} line ${at + 2}`));
}
