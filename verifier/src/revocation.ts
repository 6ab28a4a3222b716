// The claim `revocation`: kept CRLs (RFC 5280) and OCSP responses (RFC 6960) of the authorities.
import { type Bytes, equal } from "./bytes";
import { BASIC_CONSTRAINTS, type Certificate, extendedUses, extensionsOf, issuedBy, OCSP_SIGNING, parseCertificate, validAt } from "./certificate";
import { counted } from "./counted";
import * as der from "./der";
import { digest } from "./digests";
import { attemptTo, Fault } from "./fault";
import type { Papers } from "./papers";
import { parseRenewals } from "./renewal";
import { formatTime } from "./shape";
import { algorithmOf, checks, DIGESTS } from "./signatures";
import type { Stamp } from "./stamps";
import { parseToken, type Token, verifyToken } from "./token";
import { neededTokens, type Trust } from "./trust";
import type { Findings } from "./verdict";

const CLAIM = "revocation";
const DAY = 86400e6;
const REASON = "2.5.29.21";
const ISSUING_POINT = "2.5.29.28";
const BASIC_OCSP = "1.3.6.1.5.5.7.48.1.1";

/** What a list or response says of a certificate: since when it is revoked, or that it is good. */
interface Word {
  revoked: number | null;
  compromised: boolean;
}
class NotSigned extends Fault {}
const notSigned = (): NotSigned => new NotSigned("not signed", "签名不符");

export function checkRevocation(papers: Papers, stamps: Stamp[], trust: Trust | null, findings: Findings): void {
  const files = [...papers.files.keys()].filter((name) => name.startsWith("revocation/")).sort();
  const renewals = renewalsOf(papers);
  const there = files.length > 0 || renewals.some((one) => one.token.revocation.length > 0);
  if (!trust || !(there || findings.required.has(CLAIM))) return;
  let covered = 0;
  for (const stamp of stamps) {
    const names = files.filter((name) => name.startsWith(`revocation/${stamp.authority}.`));
    const own = names.map((where) => ({ where, kind: where.slice(where.lastIndexOf(".") + 1), data: papers.get(where) as Bytes }));
    if (isCovered(stamp, own, findings)) covered++;
  }
  const needed = neededTokens(trust, stamps.map((s) => s.token.time));
  checkRenewed(papers.sidecars.renewal, renewals, trust, needed, findings);
  if (covered >= needed && !findings.failed(CLAIM)) {
    findings.valid(
      CLAIM,
      `No certificate of ${counted(covered, "authority", "authorities")} was revoked at the time of stamping, by the issuers' enclosed data of that day.`,
      `据所附当日吊销数据，${covered} 家机构的证书在签发时间戳时未被吊销。`,
    );
  } else {
    findings.unchecked(CLAIM, `Revocation data covers ${covered} of ${needed} required authorities.`, `吊销数据覆盖 ${covered} 家机构，要求 ${needed} 家。`);
  }
}

type Renewals = ReturnType<typeof parseRenewals>["renewals"];

/** The renewals as they are written; none where they cannot be read (the claim `timestamp` says so). */
function renewalsOf(papers: Papers): Renewals {
  const where = papers.sidecars.renewal;
  const data = papers.get(where);
  const found = data ? attemptTo(() => parseRenewals(data, where)) : null;
  return found && "value" in found ? found.value.renewals : [];
}

/** The newest renewal of each authority has to be covered: of as many as needed, or of all that renewed. */
function checkRenewed(where: string, renewals: Renewals, trust: Trust, needed: number, findings: Findings): void {
  const newest = new Map<string, boolean>();
  for (const one of renewals) {
    const authority = trust.authorities.find((a) => a.name === one.token.authority);
    if (!authority) continue;
    const files = one.token.revocation.map((item) => ({ where, ...item }));
    const found = attemptTo(() => {
      const token = parseToken(one.token.response, where);
      return { authority: authority.name, token, path: verifyToken(token, authority) };
    });
    if ("value" in found) newest.set(authority.name, isCovered(found.value, files, findings));
  }
  const covered = [...newest.values()].filter(Boolean).length;
  const wanted = Math.min(needed, newest.size);
  if (covered < wanted) {
    findings.unchecked(
      CLAIM, `Revocation data covers the renewals of ${covered} of ${wanted} required authorities.`,
      `吊销数据覆盖 ${covered} 家机构的续期时间戳，要求 ${wanted} 家。`, where,
    );
  }
}

interface Kept {
  where: string;
  kind: string;
  data: Bytes;
}

function isCovered(stamp: { authority: string; token: Token; path: Certificate[] }, files: Kept[], findings: Findings): boolean {
  let good = true;
  for (let at = 0; at + 1 < stamp.path.length; at++) {
    const certificate = stamp.path[at] as Certificate;
    const issuer = stamp.path[at + 1] as Certificate;
    const words: Word[] = [];
    for (const { where, kind, data } of files) {
      const read = kind === "crl" ? byList : byResponder;
      const found = attemptTo(() => read(data, certificate, issuer, stamp.token.time));
      if ("fault" in found) {
        const unsigned = found.fault instanceof NotSigned;
        findings.invalid(
          CLAIM, where,
          unsigned ? `${where} is not signed by the issuer that it names.` : `${where} cannot be read.`,
          unsigned ? `${where} 的签名与其所称的签发者不符。` : `${where} 无法读取。`,
        );
        continue;
      }
      const word = found.value;
      if (!word) continue;
      words.push(word);
      if (word.revoked !== null && word.revoked <= stamp.token.time) {
        const moment = formatTime(word.revoked);
        findings.invalid(
          CLAIM, where,
          `A certificate of ${stamp.authority} was revoked on ${moment}, before it stamped this.`,
          `${stamp.authority} 的证书已于 ${moment} 吊销，早于其签发此时间戳。`,
        );
      }
    }
    good &&= words.length > 0 && !words.some((word) => word.compromised);
  }
  return good && !findings.failed(CLAIM);
}

/** What a CRL says; null where it does not speak of this certificate at this time. */
function byList(data: Bytes, certificate: Certificate, issuer: Certificate, moment: number): Word | null {
  const outer = der.readOne(data, der.SEQUENCE);
  const fields = der.sequenceOf(outer);
  const tbsValue = fields.take(der.SEQUENCE);
  const algorithmValue = fields.take(der.SEQUENCE);
  const signature = der.bitsOf(fields.take());
  fields.end();
  const tbs = der.sequenceOf(tbsValue);
  tbs.maybe(der.INTEGER);
  if (!equal(tbs.take(der.SEQUENCE).bytes, algorithmValue.bytes)) throw new der.NotDer();
  const named = tbs.take(der.SEQUENCE).bytes;
  const listed = der.timeOf(tbs.take());
  const end = tbs.tag === der.UTC_TIME || tbs.tag === der.GENERALIZED_TIME ? der.timeOf(tbs.take()) : null;
  const rows = tbs.maybe(der.SEQUENCE);
  const extensions = extensionsOf(tbs.maybe(0xa0));
  tbs.end();
  der.checkDer(outer);
  if (!equal(named, issuer.subject)) return null;
  if (!checks(issuer.spki, algorithmOf(algorithmValue), signature, tbsValue.bytes)) throw notSigned();
  if (end === null || end < moment || !inScope(extensions.get(ISSUING_POINT)?.value, certificate)) return null;
  if (listed > certificate.notAfter) return null; // RFC 5280, 3.3: it need not list what has ended
  for (const row of rows ? der.valuesOf(rows.content) : []) {
    const one = der.sequenceOf(row);
    if (der.integerOf(one.take(der.INTEGER)) !== certificate.serial) continue;
    const revoked = der.timeOf(one.take());
    const inner = one.maybe(der.SEQUENCE);
    const reason = inner ? reasonOf(inner) : 0;
    return { revoked, compromised: reason === 1 || reason === 2 };
  }
  return { revoked: null, compromised: false };
}

function reasonOf(extensions: der.Value): number {
  for (const item of der.valuesOf(extensions.content)) {
    const fields = der.sequenceOf(item);
    const oid = der.oidOf(fields.take());
    fields.maybe(1);
    const content = fields.take(der.OCTET_STRING).content;
    if (oid === REASON) return Number(der.integerOf(der.readOne(content, der.ENUMERATED)));
  }
  return 0;
}

function isAuthority(certificate: Certificate): boolean {
  const extension = certificate.extensions.get(BASIC_CONSTRAINTS);
  return extension !== undefined && der.sequenceOf(der.readOne(extension.value)).maybe(1)?.content[0] === 255;
}

/** Whether a list speaks of such certificates, and of every reason. */
function inScope(point: Bytes | undefined, certificate: Certificate): boolean {
  if (!point) return true;
  const flags = new Map(der.valuesOf(der.readOne(point, der.SEQUENCE).content).map((v) => [v.tag, v.content[0] === 255]));
  if (flags.has(0x83) || flags.get(0x84) || flags.get(0x85)) return false;
  return isAuthority(certificate) ? !flags.get(0x81) : !flags.get(0x82);
}

/** What an OCSP response says; null where it does not speak of this certificate at this time. */
function byResponder(data: Bytes, certificate: Certificate, issuer: Certificate, moment: number): Word | null {
  const outer = der.readOne(data, der.SEQUENCE);
  const fields = der.sequenceOf(outer);
  const status = fields.take(der.ENUMERATED);
  if (der.integerOf(status) !== 0n) return null;
  const body = der.sequenceOf(der.readOne(fields.take(0xa0).content));
  fields.end();
  if (der.oidOf(body.take()) !== BASIC_OCSP) throw new der.NotDer();
  const basic = der.sequenceOf(der.readOne(body.take(der.OCTET_STRING).content));
  const tbsValue = basic.take(der.SEQUENCE);
  const algorithm = algorithmOf(basic.take(der.SEQUENCE));
  const signature = der.bitsOf(basic.take());
  const enclosed = basic.maybe(0xa0);
  basic.end();
  const tbs = der.sequenceOf(tbsValue);
  tbs.maybe(0xa0);
  const responder = tbs.take();
  const produced = der.timeOf(tbs.take(der.GENERALIZED_TIME));
  const rows = der.valuesOf(tbs.take(der.SEQUENCE).content);
  der.checkDer(outer);
  if (rows.length !== 1) throw new der.NotDer();
  const row = der.sequenceOf(rows[0] as der.Value);
  if (!isAbout(row.sequence(), certificate, issuer)) return null;
  const certificates = enclosed ? der.valuesOf(der.readOne(enclosed.content).content).map((v) => parseCertificate(v.bytes, "the response")) : [];
  const signer = responderOf(responder, certificates, issuer, produced);
  if (!checks(signer.spki, algorithm, signature, tbsValue.bytes)) throw notSigned();
  const state = row.take();
  const from = der.timeOf(row.take(der.GENERALIZED_TIME));
  const next = row.maybe(0xa0);
  const end = next ? der.timeOf(der.readOne(next.content)) : from + DAY;
  if (end < moment) return null;
  if (state.tag === 0x80) return { revoked: null, compromised: false };
  if (state.tag !== 0xa1) return null;
  const told = new der.Fields(state.content);
  const revoked = der.timeOf(told.take(der.GENERALIZED_TIME));
  const reasonValue = told.maybe(0xa0);
  const reason = reasonValue ? Number(der.integerOf(der.readOne(reasonValue.content))) : 0;
  return { revoked, compromised: reason === 1 || reason === 2 };
}

const keyBits = (certificate: Certificate): Bytes => {
  const fields = der.sequenceOf(certificate.spki);
  fields.take();
  return der.bitsOf(fields.take());
};

function isAbout(fields: der.Fields, certificate: Certificate, issuer: Certificate): boolean {
  const name = DIGESTS[algorithmOf(fields.take()).oid];
  const nameHash = fields.take(der.OCTET_STRING).content;
  const keyHash = fields.take(der.OCTET_STRING).content;
  const serial = der.integerOf(fields.take(der.INTEGER));
  if (!name) return false;
  return (
    serial === certificate.serial && equal(nameHash, digest(name, issuer.subject)) && equal(keyHash, digest(name, keyBits(issuer)))
  );
}

/** The certificate whose key signed: the issuer's, or one that it certified for this. */
function responderOf(responder: der.Value, enclosed: Certificate[], issuer: Certificate, produced: number): Certificate {
  const inner = der.readOne(responder.content);
  const isOne = (c: Certificate): boolean =>
    responder.tag === 0xa1 ? equal(inner.bytes, c.subject) : equal(inner.content, digest("sha1", keyBits(c)));
  if (isOne(issuer)) return issuer;
  const signer = enclosed.find(isOne);
  if (!signer || !issuedBy(signer, issuer) || !extendedUses(signer).uses.includes(OCSP_SIGNING) || !validAt(signer, produced)) {
    throw notSigned();
  }
  return signer;
}

