// The closed sets of file names: in a package, beside it, and in a dossier.
import { Fault } from "./fault";

export const ARCHIVE = "archive/data.warc.gz";
export const ATTEMPT = "evidence/attempt.json";
export const ATTENDED = "evidence/attended.json";
export const CAPTURE = "evidence/capture.json";
export const CERTIFICATES = "evidence/certificates.json";
export const DOM = "evidence/dom.html";
export const ENVIRONMENT = "evidence/environment.json";
export const LICENCE_PICTURE = "evidence/licence.png";
export const LICENCE_TEXT = "evidence/licence.txt";
export const MHTML = "evidence/page.mhtml";
export const PDF = "evidence/page.pdf";
export const PRIVATE = "evidence/private.bin";
export const RECORDING = "evidence/recording.webm";
export const REPLAY = "evidence/replay.json";
export const REPLAY_PICTURE = "evidence/replay.png";
export const REVIEW = "evidence/review.json";
export const REVIEW_SIGNATURE = "evidence/review.sig";
export const SCREENSHOT = "evidence/screenshot.png";
export const TEXT = "evidence/text.txt";
export const INDEX = "indexes/index.cdx";
export const PAGES = "pages/pages.jsonl";
export const MANIFEST = "evidence/manifest.json";
export const SIGNATURE = "evidence/manifest.sig";
export const DATAPACKAGE = "datapackage.json";
export const DATAPACKAGE_DIGEST = "datapackage-digest.json";
export const CLOSING = [MANIFEST, SIGNATURE, DATAPACKAGE, DATAPACKAGE_DIGEST];
export const LOG_KEY = "log.vkey";
export const SIGNER_KEY = "signer.pem";
export const VERIFY_TEXT = "VERIFY.txt";

export const REQUIRED: { [name: string]: string } = {
  [ARCHIVE]: "application/warc+gzip",
  [ATTEMPT]: "application/json",
  [CAPTURE]: "application/json",
  [DOM]: "text/html; charset=utf-8",
  [ENVIRONMENT]: "application/json",
  [PDF]: "application/pdf",
  [SCREENSHOT]: "image/png",
  [TEXT]: "text/plain; charset=utf-8",
  [INDEX]: "application/cdxj",
  [PAGES]: "application/jsonl",
};
const OPTIONAL: { [name: string]: string } = {
  [ATTENDED]: "application/json",
  [CERTIFICATES]: "application/json",
  [LICENCE_PICTURE]: "image/png",
  [LICENCE_TEXT]: "text/plain; charset=utf-8",
  [MHTML]: "multipart/related",
  [PRIVATE]: "application/octet-stream",
  [RECORDING]: "video/webm",
  [REPLAY]: "application/json",
  [REPLAY_PICTURE]: "image/png",
  [REVIEW]: "application/json",
  [REVIEW_SIGNATURE]: "application/octet-stream",
};
const COMPANIONS: [string, string][] = [
  [LICENCE_PICTURE, LICENCE_TEXT],
  [LICENCE_TEXT, LICENCE_PICTURE],
  [REPLAY_PICTURE, REPLAY],
  [REVIEW, REVIEW_SIGNATURE],
  [REVIEW_SIGNATURE, REVIEW],
];
const NUMBERED = /^evidence\/(moments|strips)\/(\d{3})\.png$/;

/** The media type that an artefact of this name has, or undefined if there is no such artefact. */
export function mediaType(name: string): string | undefined {
  const match = NUMBERED.exec(name);
  if (match && Number(match[2]) >= 1 && Number(match[2]) <= 99) return "image/png";
  if (Object.prototype.hasOwnProperty.call(REQUIRED, name)) return REQUIRED[name];
  return Object.prototype.hasOwnProperty.call(OPTIONAL, name) ? OPTIONAL[name] : undefined;
}

/** The numbered pictures of a series, in order. */
export function series(names: Iterable<string>, which: "moments" | "strips"): string[] {
  return [...names].filter((n) => NUMBERED.exec(n)?.[1] === which && mediaType(n)).sort();
}

/** What is lacking in a set of artefacts, each with the one that needs it. */
export function lacking(names: Iterable<string>): { name: string; by: string }[] {
  const there = new Set(names);
  const found: { name: string; by: string }[] = [];
  for (const name of Object.keys(REQUIRED)) {
    if (!there.has(name)) found.push({ name, by: MANIFEST });
  }
  for (const [by, name] of COMPANIONS) {
    if (there.has(by) && !there.has(name)) found.push({ name, by });
  }
  for (const which of ["moments", "strips"] as const) {
    const pictures = series(there, which);
    pictures.forEach((by, at) => {
      const due = `evidence/${which}/${String(at + 1).padStart(3, "0")}.png`;
      if (by !== due && !there.has(due)) found.push({ name: due, by });
    });
  }
  if (series(there, "moments").length && !there.has(ATTENDED)) {
    found.push({ name: ATTENDED, by: series(there, "moments")[0] as string });
  }
  return found;
}

const NAME = /^[A-Za-z0-9_][A-Za-z0-9._-]{0,79}$/;
const SHORT = /^(?!(?:attempt|outcome|dossier)$)[a-z0-9][a-z0-9-]{0,39}$/;

export function isName(name: string): boolean {
  return NAME.test(name);
}

export function isAuthority(name: string): boolean {
  return SHORT.test(name);
}

/** The files of one exhibit beside its package. */
export class Sidecars {
  constructor(readonly name: string) {
    if (!isName(name)) {
      throw new Fault(
        `${JSON.stringify(name)} is no name of a package.`,
        `${JSON.stringify(name)} 不是封装的名称。`,
      );
    }
  }

  get wacz(): string {
    return `${this.name}.wacz`;
  }
  entry(which: "attempt" | "outcome" | "erasure"): string {
    return `${this.name}.${which}.json`;
  }
  proof(which: "attempt" | "outcome" | "erasure"): string {
    return `${this.name}.${which}.tlog-proof`;
  }
  request(authority: string): string {
    return `${this.name}.${authority}.tsq`;
  }
  response(authority: string): string {
    return `${this.name}.${authority}.tsr`;
  }
  get renewal(): string {
    return `${this.name}.renewal.json`;
  }
  get caseExport(): string {
    return `${this.name}.case.json`;
  }

  /** What a file of this exhibit is, by its name. */
  kindOf(file: string): Kind | null {
    if (!file.startsWith(`${this.name}.`)) return revocation(file);
    const rest = file.slice(this.name.length + 1);
    if (rest === "renewal.json" || rest === "case.json") return { kind: "further", file };
    let match = /^([^.]+)\.(tsq|tsr)$/.exec(rest);
    if (match && isAuthority(match[1] as string)) {
      return { kind: "token", authority: match[1] as string, part: match[2] as "tsq" | "tsr" };
    }
    match = /^checkpoint\.([^.]+)\.(tsq|tsr)$/.exec(rest);
    if (match && isAuthority(match[1] as string)) {
      return { kind: "checkpoint", authority: match[1] as string, part: match[2] as "tsq" | "tsr" };
    }
    match = /^anchor\.([^.]+)\.json$/.exec(rest);
    if (match && isAuthority(match[1] as string)) return { kind: "anchor", name: match[1] as string };
    return null;
  }

  /** The names of a dossier's entries in their only order, given those that are there. */
  dossierOrder(there: Iterable<string>): string[] {
    const files = new Set(there);
    const kinds = [...files].map((file) => this.kindOf(file));
    const tokens = authoritiesOf(kinds.filter((k) => k?.kind !== "token" || k.part === "tsr"), "token");
    const further = authoritiesOf(kinds, "checkpoint")
      .flatMap((name) => [`${this.name}.checkpoint.${name}.tsq`, `${this.name}.checkpoint.${name}.tsr`])
      .filter((file) => files.has(file));
    for (const file of [this.renewal, this.caseExport]) if (files.has(file)) further.push(file);
    const lists = kinds.filter((k): k is Revocation => k?.kind === "revocation");
    lists.sort((a, b) => order(a.authority, b.authority) || a.number - b.number || order(a.form, b.form));
    further.push(...lists.map((k) => k.file));
    const anchors = kinds.flatMap((k) => (k?.kind === "anchor" ? [k.name] : [])).sort();
    further.push(...anchors.map((name) => `${this.name}.anchor.${name}.json`));
    return [
      this.wacz,
      this.entry("attempt"), this.proof("attempt"), this.entry("outcome"), this.proof("outcome"),
      ...tokens.flatMap((name) => [this.request(name), this.response(name)]),
      ...tokens.map((name) => `authorities/${name}.pem`),
      ...further,
      LOG_KEY, SIGNER_KEY, VERIFY_TEXT,
    ];
  }
}

interface Revocation {
  kind: "revocation";
  file: string;
  authority: string;
  number: number;
  form: "crl" | "ocsp";
}
export type Kind =
  | { kind: "token" | "checkpoint"; authority: string; part: "tsq" | "tsr" }
  | { kind: "anchor"; name: string }
  | { kind: "further"; file: string }
  | Revocation;

const order = (a: string, b: string): number => (a < b ? -1 : a > b ? 1 : 0);

function revocation(file: string): Revocation | null {
  const match = /^revocation\/([a-z0-9][a-z0-9-]{0,39})\.([1-9][0-9]?)\.(crl|ocsp)$/.exec(file);
  if (!match || !isAuthority(match[1] as string)) return null;
  const form = match[3] as "crl" | "ocsp";
  return { kind: "revocation", file, authority: match[1] as string, number: Number(match[2]), form };
}

function authoritiesOf(kinds: (Kind | null)[], kind: "token" | "checkpoint"): string[] {
  const found = kinds.flatMap((k) => (k?.kind === kind ? [k.authority] : []));
  return [...new Set(found)].sort();
}
