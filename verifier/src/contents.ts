// What is inside a package: each unaltered file by its own rules, then all against one another.
import { checkAgreement } from "./agreement";
import type { Bytes } from "./bytes";
import { shownElsewhere } from "./declared";
import { attemptTo, Fault } from "./fault";
import { checkPages, type IndexLine, parseIndex } from "./index";
import { type JsonObject, parseObject } from "./json";
import { RECORDS } from "./jsonrecords";
import { checkMhtml, checkPdf, checkPng, checkText, checkWebm, type Size } from "./media";
import * as names from "./names";
import { type AttemptRecord, type Manifest, parseAttemptRecord } from "./records";
import type { Findings } from "./verdict";
import { matchIndex, readRecords, type WarcRecord } from "./warc";
import type { Archive, Entry } from "./zip";

const SMALL = 8 << 20;
const RECORD = 32 << 20;
const TEXT = 64 << 20;

export interface Contents {
  attempt: AttemptRecord | null;
  records: Map<string, JsonObject>;
  pictures: Map<string, Size>;
  warc: WarcRecord[] | null;
  review: { data: Bytes; signature: Bytes } | null;
}

export function checkContents(archive: Archive, artefacts: string[], manifest: Manifest | null, altered: Set<string>, findings: Findings): Contents {
  const contents: Contents = { attempt: null, records: new Map(), pictures: new Map(), warc: null, review: null };
  const held: Held = { review: null, signature: null, index: null };
  for (const name of artefacts) {
    const entry = archive.get(name);
    if (!entry || altered.has(name)) continue;
    const found = attemptTo(() => checkOne(archive, entry, contents, held));
    if ("fault" in found) findings.fault("package", archive.place(name), found.fault);
  }
  const { warc } = contents;
  const { index } = held;
  if (warc && index) {
    const found = attemptTo(() => matchIndex(warc, index));
    if ("fault" in found) findings.fault("package", archive.place(names.ARCHIVE), found.fault);
  }
  if (held.review) contents.review = { data: held.review, signature: held.signature ?? new Uint8Array(0) };
  tellFacts(archive, artefacts, contents, findings);
  checkAgreement(contents, artefacts, manifest?.fidelity ?? null, archive.label, findings);
  return contents;
}

interface Held {
  review: Bytes | null;
  signature: Bytes | null;
  index: IndexLine[] | null;
}

function checkOne(archive: Archive, entry: Entry, contents: Contents, held: Held): void {
  const { name } = entry;
  const read = (limit: number): Bytes => archive.read(name, limit) ?? new Uint8Array(0);
  const rule = RECORDS.get(name);
  if (rule) {
    const data = read(RECORD);
    const value = parseObject(data, name, RECORD);
    rule(value);
    contents.records.set(name, value);
    if (name === names.REVIEW) held.review = data;
    return;
  }
  const media = names.mediaType(name);
  if (media === "image/png") contents.pictures.set(name, checkPng(archive.content(entry)));
  else if (media?.endsWith("charset=utf-8")) checkText(archive.content(entry), name);
  else if (name === names.ATTEMPT) contents.attempt = parseAttemptRecord(read(SMALL));
  else if (name === names.ARCHIVE) contents.warc = readRecords(archive.content(entry));
  else if (name === names.INDEX) held.index = parseIndex(read(TEXT));
  else if (name === names.PAGES) checkPages(read(TEXT));
  else if (name === names.PDF) checkPdf(archive.content(entry));
  else if (name === names.MHTML) checkMhtml(archive.content(entry));
  else if (name === names.RECORDING) checkWebm(archive.content(entry));
  else if (name === names.REVIEW_SIGNATURE) held.signature = checkSize(read(SMALL), name);
  else if (name === names.PRIVATE && entry.size === 0) throw new Fault(`${name} is empty.`, `${name} 为空。`);
}

function checkSize(signature: Bytes, name: string): Bytes {
  if (signature.length !== 64) throw new Fault(`${name} is not 64 bytes.`, `${name} 不是 64 字节。`);
  return signature;
}

function tellFacts(archive: Archive, artefacts: string[], contents: Contents, findings: Findings): void {
  const { records } = contents;
  const certificate = records.get(names.CAPTURE)?.["certificate"];
  if (typeof certificate === "object" && certificate !== null && "verdict" in certificate) {
    findings.facts["site_certificate"] = String(certificate["verdict"]);
  }
  const shown = shownElsewhere(records.get(names.CAPTURE));
  if (shown !== null) findings.facts["shown_url"] = shown;
  const replay = records.get(names.REPLAY);
  if (replay) findings.facts["replay"] = replay["verdict"] ?? null;
  const review = records.get(names.REVIEW);
  if (review) findings.facts["review"] = { result: review["result"] ?? null, finished: review["finished"] ?? null };
  const attended = records.get(names.ATTENDED);
  if (attended) findings.facts["attended"] = { by: attended["by"] ?? null, second: attended["second"] ?? null };
  const part = archive.get(names.PRIVATE);
  if (part && artefacts.includes(names.PRIVATE)) findings.facts["private"] = { size: part.size };
}
