// The JSON records of a package: which fields they must have, and what must add up in them.
import { fromBase64 } from "./bytes";
import { sha256Hex } from "./digests";
import { attemptTo, Fault } from "./fault";
import { isObject, type Json, type JsonObject } from "./json";
import * as names from "./names";

type Test = (value: Json | undefined) => boolean;
const text: Test = (v) => typeof v === "string";
const whole: Test = (v) => Number.isSafeInteger(v);
const truth: Test = (v) => typeof v === "boolean";
const list: Test = (v) => Array.isArray(v);
const object: Test = (v) => isObject(v);
const orNull = (test: Test): Test => (v) => v === null || test(v);

function wrong(name: string, en: string, zh: string): Fault {
  return new Fault(`${name}: ${en}.`, `${name}：${zh}。`);
}

/** An object with at least these fields, each as its test wants it. */
function need(value: Json | undefined, name: string, fields: { [key: string]: Test }): JsonObject {
  if (!isObject(value)) throw wrong(name, "an object is expected", "应为对象");
  for (const [key, test] of Object.entries(fields)) {
    if (!test(value[key])) throw wrong(name, `the field "${key}" is missing or wrong`, `字段“${key}”缺失或不对`);
  }
  return value;
}

const is = (...words: string[]): Test => (v) => typeof v === "string" && words.includes(v);

function checkCertificates(value: JsonObject): void {
  const name = names.CERTIFICATES;
  need(value, name, { format: is("markseal-certificates/1"), certificates: object, connections: list, revocation: text });
  const known = value["certificates"] as JsonObject;
  const connections = value["connections"] as Json[];
  if (Object.keys(known).length > 2000 || connections.length > 20_000) throw wrong(name, "it has too many entries", "条目过多");
  for (const [digest, certificate] of Object.entries(known)) {
    const der = need(certificate, `${name}: ${digest.slice(0, 16)}`, { der: text })["der"] as string;
    const data = attemptTo(() => fromBase64(der, name));
    if ("fault" in data || !data.value.length || sha256Hex(data.value) !== digest) {
      throw wrong(name, `certificate ${digest.slice(0, 16)}… is not of that digest`, `证书 ${digest.slice(0, 16)}… 与其摘要不符`);
    }
  }
  const used = new Set<string>();
  connections.forEach((connection, at) => {
    const row = need(connection, `${name}: connection ${at + 1}`, { host: text, port: whole, chain: list, verdict: text, revocation: text });
    for (const digest of row["chain"] as Json[]) {
      if (typeof digest !== "string" || !(digest in known)) {
        throw wrong(name, `connection ${at + 1} names a certificate that is not there`, `第 ${at + 1} 个连接所指证书不在其中`);
      }
      used.add(digest);
    }
  });
  if (used.size !== Object.keys(known).length) throw wrong(name, "a certificate belongs to no connection", "有证书不属于任何连接");
}

function checkReplay(value: JsonObject): void {
  const name = names.REPLAY;
  need(value, name, {
    format: is("markseal-replay/1"), verdict: is("equal", "differs", "not_checked"), picture: orNull(object), text: orNull(object),
  });
  const { picture, text: words } = value;
  if (isObject(picture)) {
    need(picture, `${name}: picture`, { differing_permille: whole, regions: list });
    const share = picture["differing_permille"] as number;
    if (share < 0 || share > 1000) throw wrong(name, "a share is out of bounds", "比例超出范围");
    const region = { x: whole, y: whole, width: whole, height: whole, cause: text };
    for (const one of picture["regions"] as Json[]) need(one, `${name}: region`, region);
  }
  if (isObject(words)) need(words, `${name}: text`, { equal: truth, differences: list });
  const equal = isObject(picture) && isObject(words) && words["equal"] === true;
  if (value["verdict"] === "equal" && !equal) throw wrong(name, "it says equal and lists differences", "结论为一致，却列有差异");
}

function checkAttended(value: JsonObject): void {
  const name = names.ATTENDED;
  need(value, name, {
    format: is("markseal-attended/1"), by: text, second: orNull(text), moments: list, pages: list, doings: list,
  });
  const numbers = (value["moments"] as Json[]).map((m) => need(m, `${name}: moment`, { number: whole })["number"]);
  if (numbers.some((number, at) => number !== at + 1) || !value["by"]) {
    throw wrong(name, "its moments are not numbered from 1, or nobody is named", "时刻编号有误，或未写明人员");
  }
}

function checkReview(value: JsonObject): void {
  const name = names.REVIEW;
  need(value, name, { format: is("markseal-review/1"), result: is("passed", "failed"), started: text, finished: text, checks: list });
  const results = (value["checks"] as Json[]).map((check) => need(check, `${name}: check`, { result: text })["result"]);
  if ((value["result"] === "passed") !== results.every((result) => result === "passed")) {
    throw wrong(name, "its result is not that of its checks", "结论与各项检查不符");
  }
}

const nothing = (): void => undefined;

/** The JSON records by their names, and what each is held to beyond being a canonical object. */
export const RECORDS: ReadonlyMap<string, (value: JsonObject) => void> = new Map([
  [names.CAPTURE, nothing],
  [names.ENVIRONMENT, nothing],
  [names.CERTIFICATES, checkCertificates],
  [names.REPLAY, checkReplay],
  [names.ATTENDED, checkAttended],
  [names.REVIEW, checkReview],
]);
