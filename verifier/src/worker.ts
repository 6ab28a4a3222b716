// The worker: reads the files that the page hands it, and answers with a verdict.
import { attemptTo } from "./fault";
import { FileSource } from "./source";
import { type Files, type Fingerprints, fingerprints, type Print } from "./sums";
import { loadTrust } from "./trust";
import type { Line, Verdict } from "./verdict";
import { verify } from "./verify";

export interface NamedFile {
  path: string;
  file: Blob;
}
export interface Order {
  file: NamedFile | null;
  beside: NamedFile[];
  trust: NamedFile[] | null;
}
export interface TrustShown {
  prints: Print[];
  folder: Fingerprints;
  require: string[];
  tokens: number;
}
export interface Answer {
  verdict?: Verdict;
  trust?: TrustShown;
  /** The trust folder or the file cannot be used. */
  refused?: Line;
}

const TRUST_LIMIT = 16 << 20;
const HASHES_LIMIT = 1 << 30;

function readTrust(files: NamedFile[]): Files {
  const found = new Map<string, Uint8Array>();
  for (const { path, file } of files) {
    const limit = path.endsWith(".hashes") ? HASHES_LIMIT : TRUST_LIMIT;
    if (file.size <= limit) found.set(path, new FileSource(file).read(0, file.size).slice());
  }
  return found;
}

function answer(order: Order): Answer {
  const out: Answer = {};
  const files = order.trust && readTrust(order.trust);
  const loaded = attemptTo(() => (files ? loadTrust(files) : null));
  if ("fault" in loaded) return { refused: { en: loaded.fault.en, zh: loaded.fault.zh } };
  if (files && loaded.value) {
    const { prints, require, tokens } = loaded.value;
    out.trust = { prints, folder: fingerprints(files, prints), require, tokens };
  }
  if (order.file) {
    const { path, file } = order.file;
    const beside = new Map(order.beside.map((one) => [one.path, new FileSource(one.file)]));
    const found = attemptTo(() => verify({ name: path, source: new FileSource(file), beside }, loaded.value, Date.now() * 1000));
    if ("fault" in found) return { ...out, refused: { en: found.fault.en, zh: found.fault.zh } };
    out.verdict = found.value;
  }
  return out;
}

let read = 0;
let told = 0;
FileSource.onRead = (bytes): void => {
  read += bytes;
  if (read - told < 32 << 20) return;
  told = read;
  postMessage({ read });
};

onmessage = (event: MessageEvent<Order>): void => {
  postMessage(answer(event.data));
};
