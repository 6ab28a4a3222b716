// The first sentence of a verdict: the same keys and words as evidence/verify/headline.py (a test compares them).
import type { Line, Outcome } from "./verdict";

/** What fails, by the claim, in the order of being told; `damaged` explains all the others. */
export const FAILURES: { [key: string]: Line } = {
  damaged: { zh: "文件不完整或已损坏", en: "the file is incomplete or damaged" },
  manifest: { zh: "有文件与清单不一致", en: "a file is not as the manifest lists it" },
  package: { zh: "封装不合规范，或其中的记录互相矛盾", en: "the package is not in its proper form, or its records contradict one another" },
  signature: { zh: "清单的签名不成立", en: "the manifest's signature does not hold" },
  inclusion: { zh: "可信日志中的记载不成立", en: "its place in the trusted log does not hold" },
  witness: { zh: "见证人的签署不成立", en: "the witnesses' cosignatures do not hold" },
  timestamp: { zh: "时间戳不成立", en: "the timestamp does not hold" },
  revocation: { zh: "时间戳机构证书的吊销核查不成立", en: "the authorities' certificates do not stand up to revocation data" },
  order: { zh: "各时间先后矛盾", en: "the times contradict one another" },
  case: { zh: "案件条目不齐全或不成立", en: "the entries of the case are not whole" },
  review: { zh: "技术核查记录的签名不成立", en: "the technical review's signature does not hold" },
  erasure: { zh: "删除的依据不成立", en: "the basis of the erasure does not hold" },
};
export const FOREIGN: { [key: string]: Line } = {
  headline: { zh: "由未受信任的密钥封装，可能出自另一套系统；除此以外，已查各项未发现问题", en: "sealed with keys that are not trusted, perhaps by another installation; nothing else wrong" },
  advice: { zh: "请经另一途径向封装单位索取其信任文件夹或指纹单，再次核验；不要采用移交包内附带的密钥，任何人都能自制。", en: "Get the trust folder or fingerprint sheet of whoever sealed it, by another way, and verify again; do not use the keys that are enclosed: anybody can make such keys." },
};
const MOST = 3;

function whyInvalid(failed: readonly string[], damaged: boolean): Line {
  const due = damaged ? ["damaged"] : Object.keys(FAILURES).filter((claim) => failed.includes(claim));
  const shown = due.slice(0, MOST).map((claim) => FAILURES[claim] as Line);
  const more = due.length > MOST;
  return { zh: shown.map((l) => l.zh).join("；") + (more ? "等" : ""), en: shown.map((l) => l.en).join("; ") + (more ? " …" : "") };
}

/** The places that fail, each once, in the order of their names. */
export function places(where: readonly (string | null)[]): string[] {
  return [...new Set(where.filter((place): place is string => place !== null && place !== ""))].sort();
}

/** The order of places: by their UTF-16 units. */
export function byName(a: string, b: string): number {
  return a < b ? -1 : a > b ? 1 : 0;
}

/** The first sentence for an outcome; `failed` are the claims that fail. */
export function headline(outcome: Outcome, failed: readonly string[], how: { trusted: boolean; damaged: boolean }): Line {
  if (outcome === "invalid") {
    const { zh, en } = whyInvalid(failed, how.damaged);
    return { zh: `核验不通过：${zh}`, en: `NOT VALID: ${en}` };
  }
  if (outcome === "valid") {
    return { zh: "核验通过：要求的各项均成立", en: "VALID: everything required was proved" };
  }
  if (!how.trusted) {
    return {
      zh: "未给出信任文件夹，故不信任任何签名、日志或时间戳；已查各项未发现问题",
      en: "Nothing is trusted: no trust folder was given; nothing wrong found as far as checked",
    };
  }
  return {
    zh: "核验未完成：要求的某些项目未能核查；已查各项未发现问题",
    en: "INCOMPLETE: something required was not checked; nothing wrong found as far as checked",
  };
}
