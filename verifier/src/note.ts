// C2SP signed notes, checkpoints, vkeys, and cosignatures of witnesses.
import { type Bytes, concat, equal, fromBase64, text, toHex, utf8 } from "./bytes";
import { sha256 } from "./digests";
import { verifies } from "./ed25519";
import { Fault } from "./fault";

const LOG_KEY = 1;
const WITNESS_KEY = 4;

export interface Key {
  name: string;
  id: Bytes;
  key: Bytes;
}
export interface SignatureLine {
  name: string;
  id: Bytes;
  signature: Bytes;
  line: string;
}
export interface Note {
  text: string;
  signatures: SignatureLine[];
}
export interface Checkpoint {
  origin: string;
  size: number;
  root: Bytes;
}

function keyId(name: string, kind: number, key: Bytes): Bytes {
  return sha256(concat(utf8(name), Uint8Array.of(10, kind), key)).slice(0, 4);
}

const isKeyName = (name: string): boolean => name.length > 0 && !/[\s+\p{Cc}]/u.test(name);

/** The key of a log (or, with `witness`, of a witness) in vkey form. */
export function parseVkey(data: string, noun: string, witness = false): Key {
  const wrong = (): Fault =>
    new Fault(`${noun} is not a key in vkey form.`, `${noun} 不是 vkey 形式的公钥。`);
  const line = data.endsWith("\n") ? data.slice(0, -1) : data;
  const parts = /^([^+\n]+)\+([0-9a-f]{8})\+([A-Za-z0-9+/=]+)$/.exec(line);
  if (!parts || !isKeyName(parts[1] as string)) throw wrong();
  const name = parts[1] as string;
  const kind = witness ? WITNESS_KEY : LOG_KEY;
  const packed = fromBase64(parts[3] as string, noun);
  const key = packed.slice(1);
  const id = keyId(name, kind, key);
  if (packed[0] !== kind || key.length !== 32 || toHex(id) !== parts[2]) throw wrong();
  return { name, id, key };
}

export function parseNote(data: Bytes, noun: string): Note {
  const wrong = (): Fault => new Fault(`${noun} holds no signed note.`, `${noun} 中不是签名文本。`);
  if (data.length > 1 << 20) throw wrong();
  const source = text(data, noun);
  if (/[^\P{Cc}\n]/u.test(source)) throw wrong();
  const split = source.lastIndexOf("\n\n");
  if (split < 0 || !source.endsWith("\n")) throw wrong();
  const body = source.slice(0, split + 1);
  const signatures = source.slice(split + 2, -1).split("\n").map((line) => {
    const match = /^\u2014 ([^ ]+) ([A-Za-z0-9+/=]+)$/.exec(line);
    if (!match || !isKeyName(match[1] as string)) throw wrong();
    const packed = fromBase64(match[2] as string, noun);
    if (packed.length < 5) throw wrong();
    return { name: match[1] as string, id: packed.slice(0, 4), signature: packed.slice(4), line };
  });
  if (signatures.length > 100) throw wrong();
  return { text: body, signatures };
}

/** The checkpoint that a note's text is: three lines, and no further. */
export function parseCheckpoint(body: string, noun: string): Checkpoint {
  const match = /^([^\n]+)\n(0|[1-9][0-9]*)\n([A-Za-z0-9+/=]+)\n$/.exec(body);
  const size = match ? Number(match[2]) : NaN;
  const root = match ? fromBase64(match[3] as string, noun) : new Uint8Array(0);
  if (!match || !Number.isSafeInteger(size) || root.length !== 32) {
    throw new Fault(`${noun} holds no checkpoint.`, `${noun} 中不是日志检查点。`);
  }
  return { origin: match[1] as string, size, root };
}

/** Refuse a note that this log's key did not sign. */
export function checkLogSignature(note: Note, key: Key, noun: string): void {
  const lines = note.signatures.filter((s) => s.name === key.name && equal(s.id, key.id));
  if (!lines.length) {
    throw new Fault(`${noun}: its checkpoint is not signed by the trusted log key.`, `${noun}：检查点不是由可信日志密钥签名的。`);
  }
  if (!lines.every((s) => verifies(s.signature, utf8(note.text), key.key))) {
    throw new Fault(`${noun}: the signature of its checkpoint is wrong.`, `${noun}：检查点的签名不正确。`);
  }
}

/** The second (since 1970) at which a witness cosigned; null where it has no line; a fault where one is wrong. */
export function cosignedAt(note: Note, key: Key, noun: string): number | null {
  let earliest: number | null = null;
  for (const line of note.signatures) {
    if (line.name !== key.name || !equal(line.id, key.id)) continue;
    const seconds = line.signature.length === 72 ? Number(BigInt("0x" + toHex(line.signature.slice(0, 8)))) : NaN;
    const message = utf8(`cosignature/v1\ntime ${seconds}\n${note.text}`);
    if (!Number.isSafeInteger(seconds) || !verifies(line.signature.slice(8), message, key.key)) {
      throw new Fault(`${noun}: the cosignature of ${key.name} is wrong.`, `${noun}：见证人 ${key.name} 的签署不正确。`);
    }
    if (earliest === null || seconds < earliest) earliest = seconds;
  }
  return earliest;
}

/** What a token over a checkpoint is over: the note with its first signature line alone. */
export function stampedPart(note: Note): Bytes {
  return utf8(`${note.text}\n${note.signatures[0]?.line ?? ""}\n`);
}

export interface Proof {
  index: number;
  hashes: Bytes[];
  checkpoint: Bytes;
}

/** C2SP tlog-proof, without an extra line. */
export function parseProof(data: Bytes, noun: string): Proof {
  const wrong = (): Fault => new Fault(`${noun} is not an inclusion proof.`, `${noun} 不是日志包含证明。`);
  if (data.length > 1 << 20) throw wrong();
  const source = text(data, noun);
  const split = source.indexOf("\n\n");
  const lines = source.slice(0, Math.max(0, split)).split("\n");
  const index = /^index (0|[1-9][0-9]*)$/.exec(lines[1] ?? "");
  if (lines[0] !== "c2sp.org/tlog-proof@v1" || !index || lines.length > 65) throw wrong();
  const hashes = lines.slice(2).map((line) => fromBase64(line, noun));
  if (!Number.isSafeInteger(Number(index[1])) || hashes.some((h) => h.length !== 32)) throw wrong();
  return { index: Number(index[1]), hashes, checkpoint: utf8(source.slice(split + 2)) };
}

