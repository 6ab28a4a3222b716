// A verification as a whole: find the package, read it, then prove claim after claim.
import { text } from "./bytes";
import { measure } from "./digests";
import { attemptTo } from "./fault";
import { checkEnd, checkLog, checkpointOf, logOf } from "./log";
import * as names from "./names";
import { type Key, parseVkey } from "./note";
import { checkPackage, type Package } from "./package";
import { dossierName, type Papers, papersBeside, papersInside } from "./papers";
import { checkReview, checkSignature, provedBy } from "./signing";
import type { Source } from "./source";
import { checkOrder, checkStamps } from "./stamps";
import { parseCertificates, type Trust } from "./trust";
import { conclude, DEFAULT_REQUIRED, Findings, notAPackage, type Verdict } from "./verdict";
import { isKnownText } from "./verifytext";
import { type Archive, checkNames, hasZipRecord, openArchive } from "./zip";

/** What is to be verified: the file itself, and what lies beside it, by name. */
export interface Given {
  name: string;
  source: Source;
  beside: ReadonlyMap<string, Source>;
}

export function verify(given: Given, trust: Trust | null): Verdict {
  if (!hasZipRecord(given.source)) return notAPackage(given.name);
  const findings = new Findings(new Set(trust?.require ?? DEFAULT_REQUIRED));
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
  const stamps = checkStamps(papers, pack.manifestBytes, null, trust, findings);
  const proved = provedBy(stamps.map((s) => s.token.time), trust);
  checkSignature(pack, papers, trust, proved, findings);
  checkReview(pack, trust, proved, findings);
  const log = trust ? logOf(papers, trust) : null;
  const head = checkpointOf(papers);
  if (log && head) checkEnd(log, head.checkpoint, papers.sidecars.proof("outcome"), findings);
  const logged = checkLog(pack, papers, whole, log?.key ?? null, findings);
  checkOrder(pack, papers, logged, stamps, trust, findings);
  findings.valid(
    "package",
    "The ZIP is in its one canonical form; every file in it is well formed, and the records of the capture agree.",
    "ZIP 为唯一规范形式；其中每个文件均合乎格式，取证各记录相互一致。",
  );
  return conclude(given.name, findings, { trusted: trust !== null, trial: onlyTrial(papers, trust) });
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

/** The dossier's keys, certificates and instructions are for reading; still they must fit. */
function checkEnclosed(outer: Archive, papers: Papers, pack: Package, trust: Trust | null, findings: Findings): void {
  const instructions = papers.get(names.VERIFY_TEXT);
  const artefacts = pack.manifest?.artefacts.map((a) => a.name) ?? Object.keys(names.REQUIRED);
  if (instructions && !isKnownText(instructions, papers.sidecars.name, papers.tokens, artefacts)) {
    findings.invalid("package", outer.place(names.VERIFY_TEXT), "VERIFY.txt is not the text that belongs in this dossier.", "VERIFY.txt 不是本证据移交包应有的说明文字。");
  }
  const vkey = papers.get(names.LOG_KEY);
  if (vkey) {
    const found = attemptTo(() => parseVkey(text(vkey, names.LOG_KEY), names.LOG_KEY));
    if ("fault" in found) findings.fault("package", outer.place(names.LOG_KEY), found.fault);
    else if (trust && !trust.logs.some((log) => sameKey(log.key, found.value))) {
      findings.invalid(
        "inclusion", outer.place(names.LOG_KEY),
        "The enclosed log key is not one that this trust folder lists. If the log has a successor since, ask for a newer trust folder.",
        "所附日志公钥不在此信任文件夹所列之中。若其后已启用后继日志，请索取较新的信任文件夹。",
      );
    }
  }
  for (const authority of papers.tokens) {
    const file = `authorities/${authority}.pem`;
    const found = attemptTo(() => parseCertificates(papers.get(file) ?? new Uint8Array(0), file));
    if ("fault" in found) findings.fault("package", outer.place(file), found.fault);
  }
}

function sameKey(a: Key, b: Key): boolean {
  return a.name === b.name && a.key.every((byte, at) => byte === b.key[at]);
}

function onlyTrial(papers: Papers, trust: Trust | null): boolean {
  const known = papers.tokens.flatMap((name) => trust?.authorities.filter((a) => a.name === name) ?? []);
  return known.length > 0 && known.every((a) => a.trial);
}
