// The papers of one exhibit: the files beside a package, or those in its dossier.
import type { Bytes } from "./bytes";
import { attemptTo } from "./fault";
import { isName, Sidecars } from "./names";
import type { Source } from "./source";
import type { Findings } from "./verdict";
import { type Archive, checkCrc } from "./zip";
import { crc32 } from "./digests";

const SMALL = 8 << 20;
const LARGE = 64 << 20;
/** Revocation data chosen in a dialogue, without the folder in which it lies. */
const LISTING = /^[a-z0-9][a-z0-9-]{0,39}\.[1-9][0-9]?\.(crl|ocsp)$/;

function limitOf(name: string): number {
  return /\.(case\.json|renewal\.json|crl)$/.test(name) ? LARGE : SMALL;
}

export class Papers {
  constructor(
    readonly sidecars: Sidecars,
    readonly files: ReadonlyMap<string, Bytes>,
  ) {}

  get(name: string): Bytes | undefined {
    return this.files.get(name);
  }

  private authorities(kind: "token" | "checkpoint"): string[] {
    const found: string[] = [];
    for (const file of this.files.keys()) {
      const what = this.sidecars.kindOf(file);
      if (what?.kind === kind && what.part === "tsr") found.push(what.authority);
    }
    return found.sort();
  }

  /** The authorities whose responses over the manifest are here. */
  get tokens(): string[] {
    return this.authorities("token");
  }

  /** Those whose responses over the checkpoint are here. */
  get checkpointTokens(): string[] {
    return this.authorities("checkpoint");
  }
}

/** NAME of the first entry NAME.wacz of a ZIP, or null: it is no dossier. */
export function dossierName(archive: Archive): string | null {
  for (const { name } of archive.entries) {
    const stem = name.slice(0, -".wacz".length);
    if (name.endsWith(".wacz") && isName(stem)) return stem;
  }
  return null;
}

export function papersInside(archive: Archive, name: string, findings: Findings): Papers {
  const sidecars = new Sidecars(name);
  const files = new Map<string, Bytes>();
  for (const entry of archive.entries) {
    if (entry.name === sidecars.wacz || files.has(entry.name)) continue;
    const found = attemptTo(() => archive.read(entry.name, limitOf(entry.name)));
    if ("fault" in found) findings.fault("package", archive.place(entry.name), found.fault);
    else if (found.value) {
      files.set(entry.name, found.value);
      checkCrc(archive, entry, crc32(found.value), findings);
    }
  }
  return new Papers(sidecars, files);
}

/** The papers among files given beside a package, by their names. */
export function papersBeside(beside: ReadonlyMap<string, Source>, name: string, findings: Findings): Papers {
  const sidecars = new Sidecars(name);
  const files = new Map<string, Bytes>();
  const own = (["attempt", "outcome", "erasure"] as const).flatMap((w) => [sidecars.entry(w), sidecars.proof(w)]);
  own.push(`${name}.erasure-request.json`);
  for (const [path, source] of beside) {
    const file = LISTING.test(path) ? `revocation/${path}` : path;
    if (!own.includes(file) && !sidecars.kindOf(file)) continue;
    if (source.size > limitOf(file)) {
      findings.invalid("package", file, `${file} is too large.`, `${file} 过大。`);
    } else files.set(file, source.read(0, source.size).slice());
  }
  return new Papers(sidecars, files);
}
