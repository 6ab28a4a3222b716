// X.509 certificates (RFC 5280), and the path from a signer to a trusted one.
import { type Bytes, equal, toHex } from "./bytes";
import * as der from "./der";
import { Fault } from "./fault";
import { type AlgorithmId, algorithmOf, checks } from "./signatures";

export interface Extension {
  critical: boolean;
  value: Bytes;
}
export interface Certificate {
  bytes: Bytes;
  tbs: Bytes;
  serial: bigint;
  issuer: Bytes;
  subject: Bytes;
  notBefore: number;
  notAfter: number;
  spki: der.Value;
  algorithm: AlgorithmId;
  signature: Bytes;
  extensions: Map<string, Extension>;
}

export const BASIC_CONSTRAINTS = "2.5.29.19";
const KEY_USAGE = "2.5.29.15";
const EXTENDED_KEY_USAGE = "2.5.29.37";
const UNDERSTOOD = new Set([BASIC_CONSTRAINTS, KEY_USAGE, EXTENDED_KEY_USAGE, "2.5.29.17", "2.5.29.32", "2.5.29.31", "2.5.29.14", "2.5.29.35"]);
const TIME_STAMPING = "1.3.6.1.5.5.7.3.8";
export const OCSP_SIGNING = "1.3.6.1.5.5.7.3.9";
const MOST = 5;

/** Extensions by their identifiers; none twice. */
export function extensionsOf(value: der.Value | null): Map<string, Extension> {
  const found = new Map<string, Extension>();
  if (!value) return found;
  for (const item of der.valuesOf(der.readOne(value.content, der.SEQUENCE).content)) {
    const fields = der.sequenceOf(item);
    const oid = der.oidOf(fields.take());
    const critical = fields.maybe(1)?.content[0] === 255;
    const content = fields.take(der.OCTET_STRING).content;
    fields.end();
    if (found.has(oid)) throw new der.NotDer();
    found.set(oid, { critical, value: content });
  }
  return found;
}

export function parseCertificate(data: Bytes, noun: string): Certificate {
  try {
    return read(data);
  } catch (error) {
    if (error instanceof Fault) {
      throw new Fault(`${noun} holds a certificate that cannot be read.`, `${noun} 中有无法读取的证书。`);
    }
    throw error;
  }
}

function read(data: Bytes): Certificate {
  const outer = der.readOne(data, der.SEQUENCE);
  const fields = der.sequenceOf(outer);
  const tbsValue = fields.take(der.SEQUENCE);
  const algorithmValue = fields.take(der.SEQUENCE);
  const signature = der.bitsOf(fields.take());
  fields.end();
  const tbs = der.sequenceOf(tbsValue);
  const version = tbs.maybe(0xa0);
  if (version && ![1n, 2n].includes(der.integerOf(der.readOne(version.content)))) throw new der.NotDer();
  const serial = der.integerOf(tbs.take(der.INTEGER));
  const inner = tbs.take(der.SEQUENCE);
  if (!equal(inner.bytes, algorithmValue.bytes)) throw new der.NotDer();
  const issuer = tbs.take(der.SEQUENCE).bytes;
  const validity = tbs.sequence();
  const notBefore = der.timeOf(validity.take());
  const notAfter = der.timeOf(validity.take());
  const subject = tbs.take(der.SEQUENCE).bytes;
  const spki = tbs.take(der.SEQUENCE);
  tbs.maybe(0x81);
  tbs.maybe(0x82);
  const extensions = extensionsOf(tbs.maybe(0xa3));
  tbs.end();
  return {
    bytes: outer.bytes, tbs: tbsValue.bytes, serial, issuer, subject, notBefore, notAfter, spki,
    algorithm: algorithmOf(algorithmValue), signature, extensions,
  };
}

export function validAt(certificate: Certificate, micros: number): boolean {
  return certificate.notBefore <= micros && micros < certificate.notAfter + 1e6;
}

function authorityOf(certificate: Certificate): { ca: boolean; depth: number } {
  const extension = certificate.extensions.get(BASIC_CONSTRAINTS);
  if (!extension) return { ca: false, depth: 0 };
  const fields = der.sequenceOf(der.readOne(extension.value));
  const ca = fields.maybe(1)?.content[0] === 255;
  const depth = fields.maybe(der.INTEGER);
  return { ca, depth: depth ? Number(der.integerOf(depth)) : Infinity };
}

/** The bits of the key usage, first bit highest (0x80 is digitalSignature); null where it is not limited. */
function usageOf(certificate: Certificate): number | null {
  const extension = certificate.extensions.get(KEY_USAGE);
  if (!extension) return null;
  const value = der.readOne(extension.value, der.BIT_STRING);
  return value.content[1] ?? 0;
}

export function extendedUses(certificate: Certificate): { uses: string[]; critical: boolean } {
  const extension = certificate.extensions.get(EXTENDED_KEY_USAGE);
  if (!extension) return { uses: [], critical: false };
  const uses = der.valuesOf(der.readOne(extension.value, der.SEQUENCE).content).map(der.oidOf);
  return { uses, critical: extension.critical };
}

export function issuedBy(certificate: Certificate, issuer: Certificate): boolean {
  return (
    equal(certificate.issuer, issuer.subject) &&
    checks(issuer.spki, certificate.algorithm, certificate.signature, certificate.tbs)
  );
}

/** Refuse a certificate that may not sign timestamps (RFC 3161, 2.3). */
export function checkTimestampUse(certificate: Certificate): void {
  const { uses, critical } = extendedUses(certificate);
  const usage = usageOf(certificate);
  const signs = usage === null || ((usage & 0xc0) !== 0 && (usage & ~0xc0) === 0);
  if (uses.length !== 1 || uses[0] !== TIME_STAMPING || !critical || !signs) {
    throw new Fault("the signer's certificate is not for timestamps alone", "签名证书并非仅用于时间戳");
  }
}

export const same = (a: Certificate, b: Certificate): boolean => equal(a.bytes, b.bytes);
export const fingerprint = (certificate: Certificate): string => toHex(certificate.bytes);

/**
 * The certificates from `leaf` up to a trusted one, all valid at `micros`. Where the trust folder
 * has self-issued certificates, the path ends in one of these.
 */
export function pathOf(leaf: Certificate, embedded: Certificate[], trusted: Certificate[], micros: number): Certificate[] {
  const roots = trusted.filter((c) => equal(c.issuer, c.subject));
  const anchors = roots.length ? roots : trusted;
  const pool = [...trusted, ...embedded];
  const search = (path: Certificate[]): Certificate[] | null => {
    const last = path[path.length - 1] as Certificate;
    if (!validAt(last, micros)) return null;
    if (path.length > 1 && anchors.some((anchor) => same(anchor, last))) return path;
    if (path.length >= MOST) return null;
    for (const issuer of pool) {
      if (path.some((c) => same(c, issuer)) || !mayIssue(issuer, path.length - 1) || !issuedBy(last, issuer)) continue;
      const found = search([...path, issuer]);
      if (found) return found;
    }
    return null;
  };
  const path = search([leaf]);
  if (!path) {
    throw new Fault("no chain of certificates, valid at its time, leads to a trusted one", "没有在其时间有效、通向可信证书的证书链");
  }
  for (const certificate of path) {
    for (const [oid, extension] of certificate.extensions) {
      if (extension.critical && !UNDERSTOOD.has(oid)) {
        throw new Fault(`a certificate has the critical extension ${oid}, which is not understood`, `证书含有无法识别的关键扩展 ${oid}`);
      }
    }
  }
  return path;
}

function mayIssue(certificate: Certificate, below: number): boolean {
  const { ca, depth } = authorityOf(certificate);
  const usage = usageOf(certificate);
  return ca && depth >= below && (usage === null || (usage & 0x04) !== 0);
}
