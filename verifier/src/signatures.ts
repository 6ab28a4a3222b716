// Signatures of authorities: RSA (PKCS #1 v1.5 and PSS, RFC 8017), ECDSA, Ed25519, Ed448; in plain script.
import { ed448 } from "@noble/curves/ed448.js";
import { p256, p384, p521 } from "@noble/curves/nist.js";
import { type Bytes, concat, equal, fromHex, toBigInt } from "./bytes";
import * as der from "./der";
import { type Algorithm, digest } from "./digests";
import { verifies } from "./ed25519";

export const DIGESTS: { [oid: string]: Algorithm } = {
  "1.3.14.3.2.26": "sha1",
  "2.16.840.1.101.3.4.2.1": "sha256",
  "2.16.840.1.101.3.4.2.2": "sha384",
  "2.16.840.1.101.3.4.2.3": "sha512",
};
export type KeyKind = "rsa" | "ec" | "ed25519" | "ed448";
const KEYS: { [oid: string]: KeyKind } = {
  "1.2.840.113549.1.1.1": "rsa",
  "1.2.840.10045.2.1": "ec",
  "1.3.101.112": "ed25519",
  "1.3.101.113": "ed448",
};
const CURVES: { [oid: string]: typeof p256 } = {
  "1.2.840.10045.3.1.7": p256,
  "1.3.132.0.34": p384,
  "1.3.132.0.35": p521,
};
/** Signature algorithms: the kind of key, and the digest where the identifier names one. */
const SIGNATURES: { [oid: string]: [KeyKind, Algorithm | null] } = {
  "1.2.840.113549.1.1.1": ["rsa", null],
  "1.2.840.113549.1.1.5": ["rsa", "sha1"],
  "1.2.840.113549.1.1.10": ["rsa", null],
  "1.2.840.113549.1.1.11": ["rsa", "sha256"],
  "1.2.840.113549.1.1.12": ["rsa", "sha384"],
  "1.2.840.113549.1.1.13": ["rsa", "sha512"],
  "1.2.840.10045.2.1": ["ec", null],
  "1.2.840.10045.4.1": ["ec", "sha1"],
  "1.2.840.10045.4.3.2": ["ec", "sha256"],
  "1.2.840.10045.4.3.3": ["ec", "sha384"],
  "1.2.840.10045.4.3.4": ["ec", "sha512"],
  "1.3.101.112": ["ed25519", null],
  "1.3.101.113": ["ed448", null],
};
const PSS = "1.2.840.113549.1.1.10";

/** An AlgorithmIdentifier: what it is, and its parameters if it has any. */
export interface AlgorithmId {
  oid: string;
  parameters: der.Value | null;
}

export function algorithmOf(value: der.Value): AlgorithmId {
  const fields = der.sequenceOf(value);
  const oid = der.oidOf(fields.take());
  const [parameters = null] = fields.rest();
  return { oid, parameters };
}

/** The kind of a SubjectPublicKeyInfo's key, or null if it is not known. */
export function kindOf(spki: der.Value): KeyKind | null {
  return KEYS[algorithmOf(der.sequenceOf(spki).take()).oid] ?? null;
}

/** The digest that a signature algorithm uses; null where it names none that is known. */
export function digestOf(algorithm: AlgorithmId, stated: Algorithm | null): Algorithm | null {
  if (algorithm.oid === PSS) return pssOf(algorithm)?.digest ?? null;
  const known = SIGNATURES[algorithm.oid];
  return known ? (known[1] ?? stated) : null;
}

/** Whether the algorithm is one for this kind of key, with this digest where it names one. */
export function fits(algorithm: AlgorithmId, kind: KeyKind | null, stated: Algorithm): boolean {
  const known = SIGNATURES[algorithm.oid];
  return known !== undefined && known[0] === kind && (known[1] ?? stated) === stated;
}

interface Pss {
  digest: Algorithm;
  mask: Algorithm;
  salt: number;
}

function pssOf(algorithm: AlgorithmId): Pss | null {
  if (!algorithm.parameters) return { digest: "sha1", mask: "sha1", salt: 20 };
  const fields = der.sequenceOf(algorithm.parameters);
  const inside = (tag: number): der.Value | null => {
    const found = fields.maybe(tag);
    return found && der.readOne(found.content);
  };
  const hash = inside(0xa0);
  const mask = inside(0xa1);
  const salt = inside(0xa2);
  const trailer = inside(0xa3);
  const digestName = hash ? DIGESTS[algorithmOf(hash).oid] : "sha1";
  let maskName: Algorithm | undefined = "sha1";
  if (mask) {
    const { oid, parameters } = algorithmOf(mask);
    maskName = oid === "1.2.840.113549.1.1.8" && parameters ? DIGESTS[algorithmOf(parameters).oid] : undefined;
  }
  if (!digestName || !maskName || (trailer && der.integerOf(trailer) !== 1n)) return null;
  return { digest: digestName, mask: maskName, salt: salt ? Number(der.integerOf(salt)) : 20 };
}

/** Whether `signature` is by the key of `spki` over `message`. `stated` is a digest named elsewhere. */
export function checks(
  spki: der.Value,
  algorithm: AlgorithmId,
  signature: Bytes,
  message: Bytes,
  stated: Algorithm | null = null,
): boolean {
  const fields = der.sequenceOf(spki);
  const keyAlgorithm = algorithmOf(fields.take());
  const key = der.bitsOf(fields.take());
  const known = SIGNATURES[algorithm.oid];
  const kind = KEYS[keyAlgorithm.oid];
  if (!known || kind !== known[0]) return false;
  if (kind === "ed25519") return verifies(signature, message, key);
  const name = digestOf(algorithm, stated);
  try {
    if (kind === "ed448") return ed448.verify(signature, message, key);
    if (name === null) return false;
    if (kind === "ec") return ecdsa(keyAlgorithm, key, signature, digest(name, message));
    return algorithm.oid === PSS ? pss(algorithm, key, signature, message) : pkcs1(key, signature, name, message);
  } catch {
    return false; // what the curves refuse: a point that is none, a signature out of range
  }
}

function ecdsa(algorithm: AlgorithmId, key: Bytes, signature: Bytes, hash: Bytes): boolean {
  const curve = algorithm.parameters?.tag === der.OID ? CURVES[der.oidOf(algorithm.parameters)] : undefined;
  if (!curve) return false;
  return curve.verify(signature, hash, key, { prehash: false, lowS: false, format: "der" });
}

function power(base: bigint, exponent: bigint, modulus: bigint): bigint {
  let result = 1n;
  let square = base % modulus;
  for (let left = exponent; left > 0n; left >>= 1n) {
    if (left & 1n) result = (result * square) % modulus;
    square = (square * square) % modulus;
  }
  return result;
}

/** The signature raised to the public exponent, as bytes of the modulus' size; null if out of range. */
function opened(key: Bytes, signature: Bytes): { data: Bytes; bits: number } | null {
  const fields = der.sequenceOf(der.readOne(key));
  const modulus = der.integerOf(fields.take());
  const exponent = der.integerOf(fields.take());
  fields.end();
  const bits = modulus.toString(2).length;
  const size = Math.ceil(bits / 8);
  const value = toBigInt(signature);
  const sane = bits >= 1024 && bits <= 16384 && exponent > 2n && exponent < 1n << 64n;
  if (!sane || signature.length !== size || value >= modulus) return null;
  return { data: fromHex(power(value, exponent, modulus).toString(16).padStart(2 * size, "0")), bits };
}

const PREFIX: { [name: string]: string } = {
  sha1: "3021300906052b0e03021a05000414",
  sha256: "3031300d060960864801650304020105000420",
  sha384: "3041300d060960864801650304020205000430",
  sha512: "3051300d060960864801650304020305000440",
};

function pkcs1(key: Bytes, signature: Bytes, name: Algorithm, message: Bytes): boolean {
  const found = opened(key, signature);
  const prefix = PREFIX[name];
  if (!found || !prefix) return false;
  const tail = concat(fromHex(prefix), digest(name, message));
  const padding = found.data.length - tail.length - 3;
  if (padding < 8) return false;
  return equal(found.data, concat(Uint8Array.of(0, 1), new Uint8Array(padding).fill(255), Uint8Array.of(0), tail));
}

function pss(algorithm: AlgorithmId, key: Bytes, signature: Bytes, message: Bytes): boolean {
  const how = pssOf(algorithm);
  const found = opened(key, signature);
  if (!how || !found) return false;
  const bits = found.bits - 1;
  const data = found.data.slice(found.data.length - Math.ceil(bits / 8));
  const hash = digest(how.digest, message);
  const split = data.length - hash.length - 1;
  if (split < how.salt + 1 || data[data.length - 1] !== 0xbc) return false;
  const block = data.slice(0, split);
  const stated = data.slice(split, -1);
  let mask: Bytes = new Uint8Array(0);
  for (let n = 0; mask.length < split; n++) mask = concat(mask, digest(how.mask, concat(stated, Uint8Array.of(0, 0, n >> 8, n & 255))));
  for (let i = 0; i < split; i++) block[i] = (block[i] as number) ^ (mask[i] as number);
  const unused = 8 * data.length - bits;
  if ((data[0] as number) >> (8 - unused) && unused) return false;
  block[0] = (block[0] as number) & (255 >> unused);
  const at = split - how.salt - 1;
  if (block.subarray(0, at).some((byte) => byte !== 0) || block[at] !== 1) return false;
  return equal(stated, digest(how.digest, concat(new Uint8Array(8), hash, block.subarray(at + 1))));
}
