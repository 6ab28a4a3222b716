// Manifest, attempt record and log entries: every field, strictly.
import { hmac } from "@noble/hashes/hmac.js";
import { type Bytes, concat, fromHex, toHex, utf8 } from "./bytes";
import { sha256, sha256Hex } from "./digests";
import { Fault } from "./fault";
import { type Json, type JsonObject, parse, parseObject, print, printed } from "./json";
import * as names from "./names";
import * as s from "./shape";

const artefact = s.exactly({
  name: s.string, media_type: s.string, size: s.integer, sha256: s.hex64, sm3: s.hex64,
});
const manifestShape = s.exactly({
  format: s.word("markseal-manifest/1"),
  artefacts: s.list(artefact),
  attempt: s.exactly({ index: s.integer, entry_sha256: s.hex64 }),
  capture_id: s.hex32,
  captured: s.exactly({ started: s.time, finished: s.time }),
  fidelity: s.word("exact", "redacted", "decoded"),
  signer: s.exactly({ algorithm: s.word("Ed25519"), key_sha256: s.hex64 }),
  software: s.string,
  url: s.string,
});
export type Manifest = ReturnType<typeof manifestShape>;

export function parseManifest(data: Bytes): Manifest {
  const manifest = manifestShape(parse(data, names.MANIFEST), names.MANIFEST);
  const listed = manifest.artefacts.map((a) => a.name);
  const wrong = (en: string, zh: string): Fault => new Fault(`${names.MANIFEST}: ${en}`, `${names.MANIFEST}：${zh}`);
  manifest.artefacts.forEach((a, at) => {
    if (a.media_type !== names.mediaType(a.name)) {
      throw wrong(`no artefact is called ${a.name}, or it has another media type.`, `没有名为 ${a.name} 的文件，或其媒体类型不对。`);
    }
    if (at > 0 && a.name <= (listed[at - 1] as string)) {
      throw wrong("its list is not sorted, or has a name twice.", "清单未按名称排序，或有重名。");
    }
  });
  for (const { name, by } of names.lacking(listed)) {
    throw wrong(`it lacks ${name}, which ${by} needs.`, `缺少 ${name}（${by} 需要它）。`);
  }
  return manifest;
}

/** The two data package files, built from the manifest. */
export function buildDatapackage(data: Bytes, signature: Bytes): Bytes {
  const value = parseObject(data, names.MANIFEST);
  const manifest = manifestShape(value, names.MANIFEST);
  const captured = value["captured"] as JsonObject;
  const resource = (path: string, hash: string, size: number): Json => ({
    name: path.slice(path.lastIndexOf("/") + 1), path, hash: `sha256:${hash}`, bytes: size,
  });
  return printed({
    profile: "data-package",
    wacz_version: "1.1.1",
    title: manifest.url,
    mainPageUrl: manifest.url,
    created: captured["finished"] as Json,
    mainPageDate: captured["started"] as Json,
    software: manifest.software,
    resources: [
      ...manifest.artefacts.map((a) => resource(a.name, a.sha256, a.size)),
      resource(names.MANIFEST, sha256Hex(data), data.length),
      resource(names.SIGNATURE, sha256Hex(signature), signature.length),
    ],
  });
}

export function buildDatapackageDigest(datapackage: Bytes): Bytes {
  return printed({ hash: `sha256:${sha256Hex(datapackage)}`, path: names.DATAPACKAGE });
}

const attemptRecord = s.exactly({
  format: s.word("markseal-attempt/1"),
  capture_id: s.hex32,
  case: s.string,
  case_salt: s.hex64,
  number: s.atLeast(1),
  url: s.string,
  url_salt: s.hex64,
  index: s.integer,
  entry_sha256: s.hex64,
  requested_by: s.orNull(s.string),
});
export type AttemptRecord = ReturnType<typeof attemptRecord>;

export function parseAttemptRecord(data: Bytes): AttemptRecord {
  return attemptRecord(parse(data, names.ATTEMPT), names.ATTEMPT);
}

export function caseTag(salt: string, name: string): string {
  return toHex(hmac(sha256, fromHex(salt), utf8(name)));
}

export function urlCommitment(salt: string, url: string): string {
  return toHex(sha256(concat(fromHex(salt), utf8(url))));
}

const base = { kind: s.string, prev: s.hex64, time: s.time };
const first = { ...base, format: s.word("markseal-entry/1", "markseal-entry/2") };
const second = { ...base, format: s.word("markseal-entry/2") };
const ofCapture = { capture_id: s.hex32, case_tag: s.hex64, number: s.atLeast(1) };
const attempt1 = s.exactly({ ...base, format: s.word("markseal-entry/1"), ...ofCapture, url_commitment: s.hex64 });
const attempt2 = { ...second, ...ofCapture, url_commitment: s.hex64, fresh: s.hex32 };
const withToken = s.exactly({
  ...attempt2, token: s.exactly({ authority: s.authority, response: s.base64() }),
});
const withoutToken = s.exactly({ ...attempt2, no_token: s.code });
const sealed = s.exactly({
  ...first, ...ofCapture, outcome: s.word("sealed"), attempt: s.integer,
  manifest_sha256: s.hex64, manifest_sm3: s.hex64,
  package: s.exactly({ sha256: s.hex64, size: s.integer, sm3: s.hex64 }),
});
const failed = s.exactly({
  ...first, ...ofCapture, outcome: s.word("failed"), attempt: s.integer, reason: s.code,
});
const nothingFound = s.exactly({
  ...second, ...ofCapture, outcome: s.word("nothing_found"), attempt: s.integer, reason: s.code,
});
const closing = s.exactly({
  ...second, event: s.word("closed"), case_tag: s.hex64,
  attempts: s.integer, sealed: s.integer, failed: s.integer, nothing_found: s.integer,
  signer: s.hex64, signature: s.base64(64),
});
const continued = s.exactly({
  ...second, event: s.word("continued"), case_tag: s.hex64, attempts: s.atLeast(1),
  old_origin: s.string, old_size: s.integer, signer: s.hex64, signature: s.base64(64),
});
const commitments = s.list(s.hex64, 2, 2);
const erasureFields = {
  ...second, outcome: s.integer, package_sha256: s.hex64, basis: s.code, basis_sha256: s.hex64,
  approvers: commitments, signer: s.hex64, signature: s.base64(64),
};
const erasure = s.exactly(erasureFields);
const erasureElsewhere = s.exactly({ ...erasureFields, log: s.string });

export interface Attempt {
  kind: "attempt";
  capture_id: string;
  case_tag: string;
  number: number;
  time: number;
  url_commitment: string;
  fresh: string | null;
  token: { authority: string; response: Bytes } | null;
  no_token: string | null;
}
export type Sealed = ReturnType<typeof sealed> & { kind: "sealed" };
export type Failed = { kind: "failed" | "nothing_found" } & Omit<ReturnType<typeof failed>, "kind" | "outcome" | "format">;
export type Closing = ReturnType<typeof closing> & { kind: "closing" };
export type Continued = ReturnType<typeof continued> & { kind: "continued" };
/** `log` names the log of the outcome where that is a former one. */
export type Erasure = ReturnType<typeof erasure> & { kind: "erasure"; log: string | null };
export type LogEntry = Attempt | Sealed | Failed | Closing | Continued | Erasure | { kind: "other"; time: number };

const ENTRY_LIMIT = 65535;

/** An entry of the log, of the kinds that concern one exhibit or one case. */
export function parseEntry(data: Bytes, noun: string): LogEntry {
  const value = parseObject(data, noun, ENTRY_LIMIT);
  switch (value["kind"]) {
    case "attempt":
      return parseAttempt(value, noun);
    case "outcome":
      if (value["outcome"] === "sealed") return { ...sealed(value, noun), kind: "sealed" };
      if (value["outcome"] === "failed") return { ...failed(value, noun), kind: "failed" };
      return { ...nothingFound(value, noun), kind: "nothing_found" };
    case "case": {
      if (value["event"] === "continued") return { ...continued(value, noun), kind: "continued" };
      const entry = closing(value, noun);
      if (entry.attempts !== entry.sealed + entry.failed + entry.nothing_found) {
        throw new Fault(`${noun}: its counts do not add up.`, `${noun}：各计数之和不符。`);
      }
      return { ...entry, kind: "closing" };
    }
    case "erasure": {
      const entry = "log" in value ? erasureElsewhere(value, noun) : { ...erasure(value, noun), log: null };
      if (entry.approvers[0] === entry.approvers[1]) {
        throw new Fault(`${noun}: one approver is named twice.`, `${noun}：同一批准人出现两次。`);
      }
      return { ...entry, kind: "erasure" };
    }
    default:
      throw new Fault(`${noun} is not an entry that belongs here.`, `${noun} 不是应在此处的日志条目。`);
  }
}

function parseAttempt(value: JsonObject, noun: string): Attempt {
  const none = { fresh: null, token: null, no_token: null, kind: "attempt" } as const;
  if (value["format"] === "markseal-entry/1") return { ...attempt1(value, noun), ...none };
  if ("token" in value) return { ...none, ...withToken(value, noun), kind: "attempt" };
  return { ...none, ...withoutToken(value, noun), kind: "attempt" };
}

/** What the attempt's own token is over. */
export function attemptImprint(entry: Attempt): Bytes {
  return printed({
    capture_id: entry.capture_id, case_tag: entry.case_tag, fresh: entry.fresh, url_commitment: entry.url_commitment,
  });
}

/** The canonical bytes of an object without one of its fields: what a signature in it is over. */
export function without(data: Bytes, noun: string, ...fields: string[]): Bytes {
  const value = parseObject(data, noun, 1 << 26);
  return utf8(print(Object.fromEntries(Object.entries(value).filter(([key]) => !fields.includes(key)))));
}

