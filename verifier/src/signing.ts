// The claims `signature` and `review`: which trusted key signed, and whether it was good then.
import { type Bytes, text } from "./bytes";
import { verifies } from "./ed25519";
import { attemptTo, Fault } from "./fault";
import * as names from "./names";
import type { Package } from "./package";
import type { Papers } from "./papers";
import { formatTime } from "./shape";
import { afterRevocation, keyDigest, neededTokens, parsePublicKey, publicPem, type Signer, signerNamed, type Trust } from "./trust";
import type { Findings } from "./verdict";

/** The time by which enough trusted tokens stamped the manifest, or null. */
export function provedBy(times: number[], trust: Trust | null): number | null {
  if (!trust) return null;
  const needed = neededTokens(trust, times);
  return [...times].sort((a, b) => a - b)[needed - 1] ?? null;
}

/** The key of a file that is exactly one public key in PEM, as openssl prints it. */
function onlyKey(data: string, noun: string): Bytes {
  const key = parsePublicKey(data, noun);
  if (data !== publicPem(key)) throw new Fault(`${noun} is not exactly one public key in PEM.`, `${noun} 不恰是一个 PEM 公钥。`);
  return key;
}

/** Whether a key of which nothing proves the time may still be believed. */
export function inForce(signer: Signer, proved: number | null): boolean {
  return signer.revoked === null || (proved !== null && proved < signer.revoked);
}

export function checkSignature(pack: Package, papers: Papers, trust: Trust | null, proved: number | null, findings: Findings): void {
  const { manifestBytes, signature, manifest } = pack;
  const enclosedData = papers.get(names.SIGNER_KEY);
  const enclosed = enclosedData && attemptTo(() => onlyKey(text(enclosedData, names.SIGNER_KEY), names.SIGNER_KEY));
  if (enclosed && "fault" in enclosed) findings.fault("package", names.SIGNER_KEY, enclosed.fault);
  if (!manifestBytes || !signature) return;
  const place = pack.archive.place(names.SIGNATURE);
  const signer = trust ? signerNamed(trust, manifest?.signer.key_sha256) : undefined;
  const own = enclosed && "value" in enclosed ? enclosed.value : null;
  if (signature.length !== 64) {
    findings.invalid("signature", place, `${names.SIGNATURE} is not 64 bytes.`, `${names.SIGNATURE} 不是 64 字节。`);
    return;
  }
  if (signer && own && keyDigest(own) !== signer.digest) {
    findings.invalid(
      "signature", names.SIGNER_KEY,
      "The enclosed signer's key is not one that this trust folder lists. If keys were changed since, ask for a newer trust folder.",
      "所附签名公钥不在此信任文件夹所列之中。若其后更换过密钥，请索取较新的信任文件夹。",
    );
  }
  const key = signer?.key ?? own;
  if (key && manifest && manifest.signer.key_sha256 !== keyDigest(key)) {
    findings.invalid("signature", pack.archive.place(names.MANIFEST), "The manifest names another signer than the trusted key.", "清单所写的签名人不是可信密钥的持有者。");
  }
  if (key && !verifies(signature, manifestBytes, key)) {
    const en = "The manifest's signature is not by this key, or the manifest was changed.";
    const zh = "清单的签名并非出自该密钥，或清单已被改动。";
    findings.invalid("signature", place, en, zh);
    if (pack.altered.has(names.MANIFEST)) findings.invalid("signature", pack.archive.place(names.MANIFEST), en, zh);
    return;
  }
  if (!signer) {
    findings.unchecked("signature", "The signer's key is not known from a trust folder.", "签名公钥未由信任文件夹给出。");
    return;
  }
  checkTerm(signer, proved, place, findings);
  const shown = signer.digest.slice(0, 16);
  findings.valid("signature", `The manifest was signed by the trusted key ${shown}….`, `清单由可信密钥 ${shown}… 签名。`);
}

/** What a revoked key signed for an entry after its revocation in the log does not count. */
export function checkPlace(pack: Package, papers: Papers, outcome: { origin: string; index: number } | null, trust: Trust | null, findings: Findings): void {
  if (!trust || !outcome || !pack.manifest) return;
  const signer = signerNamed(trust, pack.manifest.signer.key_sha256);
  if (!afterRevocation(trust, signer, outcome.origin, outcome.index)) return;
  const shown = signer.digest.slice(0, 16);
  findings.invalid(
    "signature", papers.sidecars.entry("outcome"),
    `The key ${shown}… was revoked by entry ${signer.revokedAt?.index} of the log, and this outcome stands after it.`,
    `密钥 ${shown}… 已由日志第 ${signer.revokedAt?.index} 条吊销，而本结果条目在其后。`,
  );
}

function checkTerm(signer: Signer, proved: number | null, place: string, findings: Findings): void {
  const shown = signer.digest.slice(0, 16);
  if (signer.revoked !== null && !inForce(signer, proved)) {
    const moment = formatTime(signer.revoked);
    findings.invalid(
      "signature", place,
      `The key ${shown}… was revoked from ${moment} on, and no trusted timestamp proves that this was signed before.`,
      `密钥 ${shown}… 自 ${moment} 起已吊销，且没有可信时间戳证明此签名在此之前。`,
    );
  }
  if (signer.from === null && signer.until === null) return;
  if (proved === null) {
    findings.unchecked(
      "signature",
      `The key ${shown}… is trusted for a time only, and the time of this is not proved.`,
      `密钥 ${shown}… 仅在一段时间内可信，而此清单的时间未经证明。`,
    );
  } else if ((signer.from !== null && proved < signer.from) || (signer.until !== null && proved >= signer.until)) {
    findings.invalid("signature", place, `The key ${shown}… was not the signer's at ${formatTime(proved)}.`, `${formatTime(proved)} 时，密钥 ${shown}… 不是签名人所用密钥。`);
  }
}

export function checkReview(pack: Package, trust: Trust | null, proved: number | null, findings: Findings): void {
  const { review } = pack.contents;
  if (!review) return;
  if (!trust) {
    findings.unchecked("review", "The technical review's signature was not checked against a trusted key.", "技术核查记录的签名未用可信密钥核查。");
    return;
  }
  const signed = trust.signers.some((s) => inForce(s, proved) && verifies(review.signature, review.data, s.key));
  if (!signed) {
    findings.invalid("review", pack.archive.place(names.REVIEW_SIGNATURE), "The technical review is not signed by a trusted signer's key.", "技术核查记录不是由可信签名密钥签名的。");
    return;
  }
  findings.valid("review", "The technical review of the capture tool was signed by a trusted key.", "取证工具的技术核查记录由可信密钥签名。");
}
