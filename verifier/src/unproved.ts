// What no verdict proves: the same keys and words as evidence/format/unproved.py (a test compares them).
import type { Line } from "./verdict";

export const NOT_PROVED: { [key: string]: Line } = {
  content: { zh: "网页内容是否真实", en: "that what the page says is true" },
  person: { zh: "账号或店铺背后是谁", en: "who stands behind an account or a shop" },
  amounts: { zh: "价格、销量、金额是否属实", en: "that prices, sales or amounts are real" },
  infringement: { zh: "是否构成侵权（只能说疑似）", en: "that anything infringes: it is suspected only" },
  before: { zh: "固证之前网页是否被人为改动", en: "that nobody altered the page before it was captured" },
};

/** Besides, by the package's fidelity. */
export const LEFT_OPEN: { [fidelity: string]: Line } = {
  redacted: { zh: "被遮盖之处的原文（已加密封存，未查看，只核对其哈希值）", en: "what stood where secrets are masked (sealed encrypted; not looked into, only hashed)" },
  decoded: { zh: "线路上的原始字节（交互记录为浏览器解码后的内容）", en: "the literal bytes of the wire (the exchanges are as the browser decoded them)" },
};

/** Besides, where nothing was told of that claim. */
export const NOT_LOOKED_AT: { [claim: string]: Line } = {
  revocation: { zh: "时间戳机构的证书有无吊销（未核查）", en: "that no certificate of a timestamp authority was revoked (not checked)" },
  witness: { zh: "有无见证人签署（未核查）", en: "that witnesses cosigned the log (not checked)" },
};

/** What a verdict leaves unproved that tells the claims `told`. */
export function unproved(told: readonly string[], fidelity: string): Line[] {
  const open = Object.entries(LEFT_OPEN).filter(([key]) => key === fidelity);
  const unseen = Object.entries(NOT_LOOKED_AT).filter(([claim]) => !told.includes(claim));
  return [...Object.values(NOT_PROVED), ...[...open, ...unseen].map(([, line]) => line)];
}
