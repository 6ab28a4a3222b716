// Ed25519 (RFC 8032) in plain script: it does not depend on what the browser's WebCrypto knows.
import { ed25519 } from "@noble/curves/ed25519.js";
import type { Bytes } from "./bytes";

export function verifies(signature: Bytes, message: Bytes, key: Bytes): boolean {
  if (signature.length !== 64 || key.length !== 32) return false;
  try {
    return ed25519.verify(signature, message, key, { zip215: false });
  } catch {
    return false; // a key that is no point of the curve
  }
}
