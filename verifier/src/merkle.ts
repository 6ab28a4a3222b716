// RFC 9162, section 2.1: leaves, nodes, inclusion.
import { type Bytes, concat, equal } from "./bytes";
import { sha256 } from "./digests";
import { Fault } from "./fault";

export function leafHash(entry: Bytes): Bytes {
  return sha256(concat(Uint8Array.of(0), entry));
}

function node(left: Bytes, right: Bytes): Bytes {
  return sha256(concat(Uint8Array.of(1), left, right));
}

/** Refuse a leaf that the proof does not place at `index` in the tree of `size` and `root` (2.1.3.2). */
export function checkInclusion(leaf: Bytes, index: number, size: number, proof: Bytes[], root: Bytes): void {
  const wrong = (): Fault => new Fault("The entry is not in the log at that place.", "该条目不在日志的该位置上。");
  if (index >= size) throw wrong();
  let fn = index;
  let sn = size - 1;
  let hash = leaf;
  for (const sibling of proof) {
    if (sn === 0) throw wrong();
    if (fn % 2 === 1 || fn === sn) {
      hash = node(sibling, hash);
      while (fn % 2 === 0 && fn !== 0) {
        fn = Math.floor(fn / 2);
        sn = Math.floor(sn / 2);
      }
    } else {
      hash = node(hash, sibling);
    }
    fn = Math.floor(fn / 2);
    sn = Math.floor(sn / 2);
  }
  if (sn !== 0 || !equal(hash, root)) throw wrong();
}
