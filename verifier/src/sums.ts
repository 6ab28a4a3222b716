// The files of a trust folder, held to its SHA256SUMS.
import { type Bytes, text } from "./bytes";
import { sha256Hex } from "./digests";
import { Fault } from "./fault";

const SUMS = "SHA256SUMS";
/** Files that one sentence names. */
const MOST = 5;

/** One file of the folder, as the paper sheet shows it. */
export interface Print {
  name: string;
  zh: string;
  en: string;
  sha256: string;
}
export type Files = ReadonlyMap<string, Bytes>;

/** The file of that path; where files were given without their folders, the one of that name. */
export function find(files: Files, path: string): Bytes | undefined {
  const flat = [...files.keys()].every((name) => !name.includes("/"));
  return files.get(path) ?? (flat ? files.get(path.slice(path.lastIndexOf("/") + 1)) : undefined);
}

/** The fingerprint on paper is of SHA256SUMS: it speaks for the folder only if every file is as it says. */
export function checkSums(files: Files, used: readonly Print[]): void {
  const { wrong } = fingerprints(files, used);
  if (!wrong.length) return;
  const named = wrong.slice(0, MOST).join(", ") + (wrong.length > MOST ? " …" : "");
  throw new Fault(
    `The trust folder is not as its SHA256SUMS lists it (${named}): do not use it; ask for it again.`,
    `信任文件夹与其 SHA256SUMS 不符（${named}），不可使用；请重新索取。`,
  );
}

/** Every file of the folder with its SHA-256, and that of the whole: what the paper sheet shows. */
export interface Fingerprints {
  whole: string | null;
  files: { name: string; sha256: string }[];
  /** What SHA256SUMS lists and is not there or not so, and what is used and not listed. */
  wrong: string[];
}

/** Compare the folder with its SHA256SUMS, where it has one; `used` are the files that were read. */
export function fingerprints(files: Files, used: readonly Print[]): Fingerprints {
  const found = [...files].filter(([name]) => name !== SUMS).sort(([a], [b]) => (a < b ? -1 : 1));
  const sums = files.get(SUMS);
  return {
    whole: sums ? sha256Hex(sums) : null,
    files: found.map(([name, data]) => ({ name, sha256: sha256Hex(data) })),
    wrong: sums ? notAsListed(files, text(sums, SUMS).replace(/\n$/, "").split("\n"), used) : [],
  };
}

function notAsListed(files: Files, lines: string[], used: readonly Print[]): string[] {
  const wrong = new Set<string>();
  const listed = new Set<string>();
  for (const line of lines) {
    const match = /^([0-9a-f]{64}) {2}([^/].*)$/.exec(line);
    const name = match ? (match[2] as string) : SUMS;
    const data = match && !listed.has(name) ? find(files, name) : undefined;
    if (!match || !data || sha256Hex(data) !== match[1]) wrong.add(name);
    listed.add(name);
  }
  for (const { name } of used) if (!listed.has(name)) wrong.add(name);
  return [...wrong].sort();
}
