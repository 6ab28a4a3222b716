// RFC 3161 requests and responses, with CMS (RFC 5652) as far as a token uses it.
import { type Bytes, equal } from "./bytes";
import { type Certificate, checkTimestampUse, parseCertificate, pathOf, same } from "./certificate";
import * as der from "./der";
import { type Algorithm, digest } from "./digests";
import { attemptTo, Fault } from "./fault";
import { type AlgorithmId, algorithmOf, checks, digestOf, DIGESTS, fits, kindOf } from "./signatures";
import type { Authority } from "./trust";

export const TOKEN_LIMIT = 1 << 20;
const SIGNED_DATA = "1.2.840.113549.1.7.2";
const TST_INFO = "1.2.840.113549.1.9.16.1.4";
const CONTENT_TYPE = "1.2.840.113549.1.9.3";
const MESSAGE_DIGEST = "1.2.840.113549.1.9.4";
const SIGNING_CERTIFICATE = "1.2.840.113549.1.9.16.2.12";
const SIGNING_CERTIFICATE_2 = "1.2.840.113549.1.9.16.2.47";

interface Imprint {
  oid: string;
  algorithm: Algorithm;
  digest: Bytes;
}
export interface Request {
  /** Object identifier of the digest algorithm, and the digest. */
  imprint: { oid: string; digest: Bytes };
  nonce: bigint | null;
  policy: string | null;
}
interface SignerInfo {
  issuer: Bytes;
  serial: bigint;
  digest: Algorithm;
  attributes: Map<string, der.Value>;
  signedBytes: Bytes;
  algorithm: AlgorithmId;
  signature: Bytes;
}
export interface Token {
  imprint: Imprint;
  time: number;
  nonce: bigint | null;
  policy: string;
  content: Bytes;
  certificates: Certificate[];
  signer: SignerInfo;
}

function statedImprint(fields: der.Fields): Request["imprint"] {
  const { oid } = algorithmOf(fields.take());
  const hash = fields.take(der.OCTET_STRING).content;
  fields.end();
  return { oid, digest: hash };
}

function imprintOf(fields: der.Fields): Imprint {
  const { oid, digest: hash } = statedImprint(fields);
  const algorithm = DIGESTS[oid];
  if (!algorithm || algorithm === "sha1") {
    throw new Fault("its digest is not SHA-256, SHA-384 or SHA-512", "其摘要算法不是 SHA-256、SHA-384 或 SHA-512");
  }
  if (hash.length !== digest(algorithm, new Uint8Array(0)).length) throw new der.NotDer();
  return { oid, algorithm, digest: hash };
}

/** A request; a fault if the bytes are not exactly one in DER. */
export function parseRequest(data: Bytes): Request {
  const outer = der.readOne(data, der.SEQUENCE);
  der.checkDer(outer);
  const fields = der.sequenceOf(outer);
  if (der.integerOf(fields.take(der.INTEGER)) !== 1n) throw new der.NotDer();
  const imprint = statedImprint(fields.sequence());
  const policy = fields.maybe(der.OID);
  const nonce = fields.maybe(der.INTEGER);
  fields.maybe(1);
  fields.maybe(0xa0);
  fields.end();
  return { imprint, nonce: nonce && der.integerOf(nonce), policy: policy && der.oidOf(policy) };
}

/** A granted response in DER or BER, as stated; nothing of it is proved yet. */
export function parseToken(data: Bytes, noun: string): Token {
  const found = attemptTo(() => {
    if (data.length > TOKEN_LIMIT) throw new der.NotDer();
    const strict = attemptTo(() => readResponse(data));
    return "value" in strict ? strict.value : readResponse(der.fromBer(data));
  });
  if ("value" in found) return found.value;
  const { en, zh } = found.fault;
  throw new Fault(`${noun} is not a granted timestamp response: ${en}`, `${noun} 不是已签发的时间戳应答：${zh}`);
}

function readResponse(data: Bytes): Token {
  const outer = der.readOne(data, der.SEQUENCE);
  der.checkDer(outer);
  const fields = der.sequenceOf(outer);
  const status = fields.sequence();
  if (der.integerOf(status.take(der.INTEGER)) !== 0n) {
    throw new Fault("the authority did not grant it.", "机构未予签发。");
  }
  status.maybe(der.SEQUENCE);
  status.maybe(der.BIT_STRING);
  status.end();
  const content = fields.sequence();
  fields.end();
  if (der.oidOf(content.take()) !== SIGNED_DATA) throw new der.NotDer();
  const signed = der.sequenceOf(der.readOne(content.take(0xa0).content));
  content.end();
  return readSigned(signed);
}

function readSigned(signed: der.Fields): Token {
  if (der.integerOf(signed.take(der.INTEGER)) !== 3n) throw new Fault("SignedData is of another version.", "SignedData 的版本不对。");
  const digests = der.valuesOf(signed.take(der.SET).content).map((v) => DIGESTS[algorithmOf(v).oid]);
  const inner = signed.sequence();
  if (der.oidOf(inner.take()) !== TST_INFO) throw new der.NotDer();
  const info = der.readOne(inner.take(0xa0).content, der.OCTET_STRING).content;
  inner.end();
  const embedded = signed.maybe(0xa0);
  signed.maybe(0xa1);
  const signers = der.valuesOf(signed.take(der.SET).content);
  signed.end();
  if (signers.length !== 1) throw new Fault("it has not exactly one signer.", "签名者不恰为一个。");
  const signer = readSigner(der.sequenceOf(signers[0] as der.Value));
  if (!digests.includes(signer.digest)) throw new Fault("its digest algorithms do not agree.", "其摘要算法前后不一。");
  const certificates = (embedded ? der.valuesOf(embedded.content) : []).map((v) => parseCertificate(v.bytes, "the token"));
  return { ...readInfo(info), content: info, certificates, signer };
}

function readInfo(data: Bytes): Pick<Token, "imprint" | "time" | "nonce" | "policy"> {
  const outer = der.readOne(data, der.SEQUENCE);
  der.checkDer(outer);
  const fields = der.sequenceOf(outer);
  if (der.integerOf(fields.take(der.INTEGER)) !== 1n) throw new der.NotDer();
  const policy = der.oidOf(fields.take());
  const imprint = imprintOf(fields.sequence());
  fields.take(der.INTEGER);
  const time = der.timeOf(fields.take(der.GENERALIZED_TIME));
  fields.maybe(der.SEQUENCE);
  fields.maybe(1);
  const nonce = fields.maybe(der.INTEGER);
  fields.maybe(0xa0);
  fields.maybe(0xa1);
  fields.end();
  return { imprint, time, nonce: nonce && der.integerOf(nonce), policy };
}

function readSigner(fields: der.Fields): SignerInfo {
  if (der.integerOf(fields.take(der.INTEGER)) !== 1n) throw new Fault("SignerInfo is of another version.", "SignerInfo 的版本不对。");
  const named = fields.sequence();
  const issuer = named.take(der.SEQUENCE).bytes;
  const serial = der.integerOf(named.take(der.INTEGER));
  const name = DIGESTS[algorithmOf(fields.take()).oid];
  const attributesValue = fields.take(0xa0);
  const algorithm = algorithmOf(fields.take());
  const signature = fields.take(der.OCTET_STRING).content;
  fields.maybe(0xa1);
  fields.end();
  if (!name) throw new Fault("the digest of its signature is not known.", "其签名所用的摘要算法无法识别。");
  const attributes = new Map<string, der.Value>();
  for (const item of der.valuesOf(attributesValue.content)) {
    const one = der.sequenceOf(item);
    const oid = der.oidOf(one.take());
    const values = der.valuesOf(one.take(der.SET).content);
    if (attributes.has(oid) || values.length !== 1) throw new der.NotDer();
    attributes.set(oid, values[0] as der.Value);
  }
  const signedBytes = attributesValue.bytes.slice();
  signedBytes[0] = der.SET; // RFC 5652, 5.4: hashed as a SET OF
  return { issuer, serial, digest: name, attributes, signedBytes, algorithm, signature };
}

/** Refuse a token that does not answer the request (digest, nonce, policy). */
export function checkAnswers(request: Request, token: Token): void {
  const same =
    request.imprint.oid === token.imprint.oid &&
    equal(request.imprint.digest, token.imprint.digest) &&
    request.nonce === token.nonce &&
    (request.policy === null || request.policy === token.policy);
  if (!same) {
    throw new Fault("The timestamp does not answer the request beside it.", "时间戳并非对所附请求的应答。");
  }
}

/** The path of certificates by which a trusted authority answers for a token; a fault if none does. */
export function verifyToken(token: Token, authority: Authority): Certificate[] {
  const found = attemptTo(() => prove(token, authority));
  if ("value" in found) return found.value;
  const { en, zh } = found.fault;
  throw new Fault(
    `The timestamp does not verify with the trusted authority ${authority.name} (${en.replace(/\.$/, "")}).`,
    `时间戳不能以可信机构 ${authority.name} 的证书验证（${zh.replace(/。$/, "")}）。`,
  );
}

/** The certificates from the token's signer up to the first trusted one; nothing else of it is checked. */
export function pathTo(token: Token, authority: Authority): Certificate[] {
  const { signer } = token;
  const pool = [...authority.certificates, ...token.certificates];
  const known = pool.filter((c) => c.serial === signer.serial && equal(c.issuer, signer.issuer));
  const leaf = known.find((c) => namesIt(token, c) === true) ?? known[0];
  if (!leaf) throw new Fault("the signer's certificate is missing", "缺少签名证书");
  const path = pathOf(leaf, token.certificates, authority.certificates, token.time);
  return path.slice(0, path.findIndex((c) => authority.certificates.some((known) => same(known, c))) + 1);
}

function prove(token: Token, authority: Authority): Certificate[] {
  const { signer } = token;
  const path = pathTo(token, authority);
  const leaf = path[0] as Certificate;
  checkTimestampUse(leaf);
  checkAttributes(token, leaf);
  if (!fits(signer.algorithm, kindOf(leaf.spki), signer.digest)) {
    throw new Fault("the signature algorithm is not one of the signer's key and digest", "签名算法与签名密钥及摘要不符");
  }
  if (!checks(leaf.spki, signer.algorithm, signer.signature, signer.signedBytes, signer.digest)) {
    throw new Fault("its signature is wrong", "其签名不正确");
  }
  checkDigests(signer.digest, path.slice(0, -1));
  return path;
}

/** A signature over a digest that can be forged proves nothing. */
function checkDigests(stated: Algorithm, issued: Certificate[]): void {
  const weak = stated === "sha1" || issued.some((c) => digestOf(c.algorithm, null) === "sha1");
  if (weak) throw new Fault("it, or a certificate below the trusted one, is signed with SHA-1", "其签名或可信证书以下的证书使用了 SHA-1");
}

/** What is signed speaks of this content and of this certificate. */
function checkAttributes(token: Token, leaf: Certificate): void {
  const { attributes, digest: name } = token.signer;
  const type = attributes.get(CONTENT_TYPE);
  const stated = attributes.get(MESSAGE_DIGEST);
  if (!type || der.oidOf(type) !== TST_INFO || !stated || !equal(stated.content, digest(name, token.content))) {
    throw new Fault("what is signed is not this content", "所签的不是此内容");
  }
  const named = namesIt(token, leaf);
  if (named === null) throw new Fault("it does not name the signer's certificate", "未指明签名证书");
  if (!named) throw new Fault("it names another certificate as the signer's", "所指的签名证书是另一张");
}

/** Whether what is signed names this certificate as the signer's, by its digest; null: it names none. */
function namesIt(token: Token, leaf: Certificate): boolean | null {
  const { attributes } = token.signer;
  const named = [SIGNING_CERTIFICATE, SIGNING_CERTIFICATE_2].filter((oid) => attributes.has(oid));
  for (const oid of named) {
    const certs = der.valuesOf(der.sequenceOf(attributes.get(oid) as der.Value).take(der.SEQUENCE).content);
    const fields = der.sequenceOf(certs[0] ?? (attributes.get(oid) as der.Value));
    let algorithm: Algorithm | undefined = oid === SIGNING_CERTIFICATE ? "sha1" : "sha256";
    if (oid === SIGNING_CERTIFICATE_2 && fields.tag === der.SEQUENCE) algorithm = DIGESTS[algorithmOf(fields.take()).oid];
    const hash = fields.take(der.OCTET_STRING).content;
    if (!algorithm || !equal(hash, digest(algorithm, leaf.bytes))) return false;
  }
  return named.length > 0 || null;
}

