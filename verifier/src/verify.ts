// A verification as a whole: find the package, read it, then prove claim after claim.
import { tellAnchors } from "./anchors";
import { checkCase } from "./case";
import { atOdds, BAD_CERTIFICATE, declaredBy } from "./declared";
import { measure } from "./digests";
import { checkEnclosed } from "./enclosed";
import { verifyErased } from "./erased";
import { attemptTo } from "./fault";
import { toldApart } from "./foreign";
import { checkEnd, checkLeaf, checkLog, checkpointOf, logOf } from "./log";
import * as names from "./names";
import { checkPackage, type Package } from "./package";
import { dossierName, type Papers, papersBeside, papersInside } from "./papers";
import { checkRenewal } from "./renewal";
import { checkRevocation } from "./revocation";
import { checkPlace, checkReview, checkSignature, provedBy } from "./signing";
import { Memory, type Source } from "./source";
import { checkOrder, concludeStamps, readStamps } from "./stamps";
import type { Trust } from "./trust";
import { type ClaimId, conclude, DEFAULT_REQUIRED, Findings, notAPackage, type Verdict } from "./verdict";
import { checkWitnesses } from "./witnesses";
import { type Archive, checkNames, hasZipRecord, openArchive } from "./zip";

/** What is to be verified: the file itself, and what lies beside it, by name. */
export interface Given {
  name: string;
  source: Source;
  beside: ReadonlyMap<string, Source>;
}

/** The verdict on what is given; `now` (microseconds since 1970) says at what time it is asked. */
export function verify(given: Given, trust: Trust | null, now: number): Verdict {
  return toldApart(judge(given, trust, now), () => judge(given, null, now));
}

function judge(given: Given, trust: Trust | null, now: number): Verdict {
  const required = new Set<ClaimId>(trust?.require ?? DEFAULT_REQUIRED);
  if (trust?.revocation) required.add("revocation");
  const findings = new Findings(required);
  if (given.name.endsWith(".erasure.json")) return verifyErased(given, trust, now, findings);
  if (!hasZipRecord(given.source)) return notAPackage(given.name);
  const outer = openArchive(given.source, given.name, findings);
  const name = dossierName(outer);
  let papers: Papers;
  let pack: Package;
  let whole;
  if (name === null) {
    papers = papersBeside(given.beside, given.name.replace(/\.wacz$/, ""), findings);
    pack = checkPackage(outer, findings);
    whole = measure(given.source);
  } else {
    papers = papersInside(outer, name, findings);
    const inner = openInner(outer, papers, findings);
    whole = measure(inner);
    pack = checkPackage(openArchive(inner, papers.sidecars.wacz, findings), findings);
    checkEnclosed(outer, papers, pack, trust, findings);
  }
  const found = readStamps(papers, pack.manifestBytes, null, trust, findings);
  const stamps = found.proved;
  const again = (file: string): Source | null => {
    if (file === papers.sidecars.wacz) return pack.archive.source;
    const data = file === names.MANIFEST ? pack.manifestBytes : papers.get(file);
    return data ? new Memory(data) : null;
  };
  checkRenewal(papers, stamps, trust, again, now, findings);
  tellAnchors(papers, pack.manifestBytes, findings);
  concludeStamps(found, trust, findings);
  const proved = provedBy(stamps.map((s) => s.token.time), trust);
  checkSignature(pack, papers, trust, proved, findings);
  checkReview(pack, trust, proved, findings);
  const log = trust ? logOf(papers, trust) : null;
  const head = checkpointOf(papers);
  if (log && head) checkEnd(log, head.checkpoint, papers.sidecars.proof("outcome"), findings);
  if (log) for (const which of ["attempt", "outcome"] as const) checkLeaf(log, papers, which, findings);
  const logged = checkLog(pack, papers, whole, log?.key ?? null, findings);
  const index = findings.facts["index"];
  if (head && typeof index === "number") checkPlace(pack, papers, { origin: head.checkpoint.origin, index }, trust, findings);
  checkWitnesses(papers, trust, logged.outcome?.time ?? null, findings);
  checkRevocation(papers, stamps, trust, findings);
  checkCase(papers, trust, findings);
  declare(pack, findings);
  checkOrder(pack, papers, logged, stamps, trust, findings);
  const but = atOdds(findings.declared);
  findings.valid(
    "package",
    `The ZIP is in its one canonical form; every file in it is well formed, and the records of the capture agree${but ? ", except for what is declared" : ""}.`,
    `ZIP 为唯一规范形式；其中每个文件均合乎格式，取证各记录${but ? "除所声明的情形外" : ""}相互一致。`,
  );
  return conclude(given.name, findings, { trusted: trust !== null, trial: onlyTrial(papers, trust) });
}

function declare(pack: Package, findings: Findings): void {
  findings.declared = declaredBy(pack.contents.records);
  findings.badCertificate = findings.declared.includes(BAD_CERTIFICATE);
}

function openInner(outer: Archive, papers: Papers, findings: Findings): Source {
  const { wacz } = papers.sidecars;
  checkNames(outer, papers.sidecars.dossierOrder(papers.files.keys()), findings);
  const entry = outer.get(wacz);
  if (!entry) return outer.source.part(0, 0);
  const found = attemptTo(() => outer.content(entry));
  if ("value" in found) {
    const inner = found.value;
    if (measure(inner).crc !== entry.crc) {
      findings.invalid("package", outer.place(wacz), `The content of ${wacz} does not match its checksum in ${outer.label}.`, `${wacz} 的内容与其在 ${outer.label} 中的校验和不符。`);
    }
    return inner;
  }
  findings.fault("package", outer.place(wacz), found.fault);
  return outer.source.part(0, 0);
}

function onlyTrial(papers: Papers, trust: Trust | null): boolean {
  const known = papers.tokens.flatMap((name) => trust?.authorities.filter((a) => a.name === name) ?? []);
  return known.length > 0 && known.every((a) => a.trial);
}
