// A WACZ: every entry against the manifest, the data package as built again, each content by its rules.
import type { Bytes } from "./bytes";
import { type Contents, checkContents } from "./contents";
import { measure, sha256Hex, sm3Hex } from "./digests";
import { attemptTo } from "./fault";
import * as names from "./names";
import { buildDatapackage, buildDatapackageDigest, type Manifest, parseManifest } from "./records";
import { formatTime } from "./shape";
import type { Findings } from "./verdict";
import { type Archive, checkCrc, checkNames, type Entry } from "./zip";

export const SMALL = 8 << 20;

export interface Package {
  archive: Archive;
  /** As listed, or those that are there where no list can be read. */
  artefacts: string[];
  manifestBytes: Bytes | null;
  manifest: Manifest | null;
  signature: Bytes | null;
  contents: Contents;
  altered: Set<string>;
}

/** The bytes of an entry, or null after noting why they cannot be had (a missing one is noted elsewhere). */
export function readEntry(archive: Archive, name: string, limit: number, findings: Findings): Bytes | null {
  const found = attemptTo(() => archive.read(name, limit));
  if ("value" in found) return found.value;
  findings.fault("package", archive.place(name), found.fault);
  return null;
}

export function checkPackage(archive: Archive, findings: Findings): Package {
  const manifestBytes = readEntry(archive, names.MANIFEST, SMALL, findings);
  const signature = readEntry(archive, names.SIGNATURE, 1 << 16, findings);
  const manifest = manifestBytes ? readManifest(archive, manifestBytes, findings) : null;
  const there = archive.entries.map((entry) => entry.name);
  const artefacts = manifest
    ? manifest.artefacts.map((a) => a.name)
    : [...new Set([...there.filter((n) => names.mediaType(n)), ...Object.keys(names.REQUIRED)])].sort();
  checkNames(archive, [...artefacts, ...names.CLOSING], findings);
  for (const { name, by } of names.lacking(there)) {
    if (by !== names.MANIFEST && !artefacts.includes(name)) {
      findings.invalid("package", archive.place(by), `${by} is there without ${name}.`, `有 ${by} 而无 ${name}。`);
    }
  }
  const altered = new Set<string>();
  const listed = new Map(manifest?.artefacts.map((a) => [a.name, a]));
  for (const entry of archive.entries) checkEntry(archive, entry, listed.get(entry.name), altered, findings);
  checkDatapackage(archive, manifest && manifestBytes, signature, altered, findings);
  const contents = checkContents(archive, artefacts, manifest, altered, findings);
  if (manifest && artefacts.every((name) => there.includes(name))) {
    findings.valid(
      "manifest",
      `Every file of ${archive.label} has the size, SHA-256 and SM3 that the manifest lists.`,
      `${archive.label} 中每个文件的大小、SHA-256 与 SM3 均与清单一致。`,
    );
  }
  return { archive, artefacts, manifestBytes, manifest, signature, contents, altered };
}

function readManifest(archive: Archive, data: Bytes, findings: Findings): Manifest | null {
  const found = attemptTo(() => parseManifest(data));
  if ("fault" in found) {
    findings.fault("manifest", archive.place(names.MANIFEST), found.fault);
    return null;
  }
  const manifest = found.value;
  const { started, finished } = manifest.captured;
  Object.assign(findings.facts, {
    url: manifest.url,
    captured: { started: formatTime(started), finished: formatTime(finished) },
    capture_id: manifest.capture_id,
    fidelity: manifest.fidelity,
    software: manifest.software,
    signer: manifest.signer.key_sha256,
    manifest_sha256: sha256Hex(data),
    manifest_sm3: sm3Hex(data),
  });
  return manifest;
}

function checkEntry(archive: Archive, entry: Entry, listed: Manifest["artefacts"][number] | undefined, altered: Set<string>, findings: Findings): void {
  const found = attemptTo(() => measure(archive.content(entry)));
  if ("fault" in found) {
    findings.fault("package", archive.place(entry.name), found.fault);
    altered.add(entry.name);
    return;
  }
  const actual = found.value;
  checkCrc(archive, entry, actual.crc, findings);
  if (actual.crc !== entry.crc) altered.add(entry.name);
  if (listed && (actual.size !== listed.size || actual.sha256 !== listed.sha256 || actual.sm3 !== listed.sm3)) {
    altered.add(entry.name);
    findings.invalid(
      "manifest", archive.place(entry.name),
      `${entry.name} is not the file that the manifest lists (size, SHA-256 or SM3 differ).`,
      `${entry.name} 与清单所列不符（大小、SHA-256 或 SM3 不同）。`,
    );
  }
}

function checkDatapackage(archive: Archive, manifest: Bytes | null, signature: Bytes | null, altered: Set<string>, findings: Findings): void {
  const stored = readEntry(archive, names.DATAPACKAGE, SMALL, findings);
  const digest = readEntry(archive, names.DATAPACKAGE_DIGEST, SMALL, findings);
  if (!stored) return;
  const same = (a: Bytes, b: Bytes): boolean => a.length === b.length && a.every((byte, at) => byte === b[at]);
  const built = manifest && signature ? buildDatapackage(manifest, signature) : null;
  if (digest && !same(digest, buildDatapackageDigest(stored))) {
    const culprit = built && same(stored, built) ? names.DATAPACKAGE_DIGEST : names.DATAPACKAGE;
    findings.invalid("package", archive.place(culprit), `${names.DATAPACKAGE} and ${names.DATAPACKAGE_DIGEST} do not agree.`, `${names.DATAPACKAGE} 与 ${names.DATAPACKAGE_DIGEST} 不一致。`);
  }
  if (built && !same(stored, built)) {
    const own = [names.MANIFEST, names.SIGNATURE].filter((name) => altered.has(name));
    for (const culprit of own.length ? own : [names.DATAPACKAGE]) {
      findings.invalid(
        "package", archive.place(culprit),
        `${names.DATAPACKAGE} does not describe this ${names.MANIFEST} and ${names.SIGNATURE}.`,
        `${names.DATAPACKAGE} 与 ${names.MANIFEST}、${names.SIGNATURE} 不相符。`,
      );
    }
  }
}
