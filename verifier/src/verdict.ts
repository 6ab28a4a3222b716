// The verdict: claims, each valid, invalid or not checked; what they amount to; what is not proved.
import { elsewhereLine } from "./declared";
import type { Fault } from "./fault";
import { byName, headline } from "./headline";
import type { Json } from "./json";
import { unproved } from "./unproved";

export type Status = "valid" | "invalid" | "not_checked";
export type Outcome = "valid" | "invalid" | "incomplete" | "not_a_package";
export interface Line {
  zh: string;
  en: string;
}
export interface Claim extends Line {
  id: ClaimId;
  status: Status;
  required: boolean;
  where: string | null;
}
export interface Verdict {
  format: "markseal-verdict/1";
  file: string;
  verdict: Outcome;
  exit: number;
  trial: boolean;
  /** It fails for its keys alone. */
  foreign: boolean;
  headline: Line;
  declared: Line[];
  claims: Claim[];
  facts: { [key: string]: Json };
  not_proved: Line[];
}

export const CLAIMS = {
  package: { zh: "封装结构完整规范", en: "The package is whole and in its one canonical form" },
  manifest: { zh: "各文件与清单一致", en: "Every file is as the manifest lists it" },
  signature: { zh: "清单由可信密钥签名", en: "The manifest is signed by a trusted key" },
  inclusion: { zh: "尝试与结果均已记入日志", en: "Attempt and outcome are in the log" },
  witness: { zh: "日志检查点有见证人签署", en: "Witnesses cosigned the log's checkpoint" },
  timestamp: { zh: "清单有可信时间戳", en: "The manifest has a trusted timestamp" },
  revocation: { zh: "签发时机构证书未被吊销", en: "The authorities' certificates were not revoked" },
  order: { zh: "各时间先后合理", en: "The times follow one another" },
  case: { zh: "案件各条目齐全", en: "Every entry of the case is there" },
  review: { zh: "技术核查记录由可信密钥签名", en: "The technical review is signed by a trusted key" },
  erasure: { zh: "内容已删除，依据有签名", en: "The content was erased, on a signed basis" },
} as const;
export type ClaimId = keyof typeof CLAIMS;
const ORDER = Object.keys(CLAIMS) as ClaimId[];
const OPTIONAL = new Set<ClaimId>(["witness", "revocation", "case", "review", "erasure"]);
export const DEFAULT_REQUIRED: ClaimId[] = ["package", "manifest", "signature", "inclusion", "timestamp"];

/** What the steps of a verification find, in the order in which they find it. */
export class Findings {
  readonly claims: Claim[] = [];
  readonly facts: { [key: string]: Json } = {};
  declared: Line[] = [];
  badCertificate = false;
  /** A ZIP ends too early, or its directory cannot be read. */
  damaged = false;

  constructor(readonly required: ReadonlySet<ClaimId>) {}

  private add(id: ClaimId, status: Status, where: string | null, en: string, zh: string): void {
    const same = this.claims.some(
      (c) => c.id === id && c.status === status && c.where === where && c.en === en,
    );
    if (!same) this.claims.push({ id, status, required: this.required.has(id), where, en, zh });
  }

  invalid(id: ClaimId, where: string | null, en: string, zh: string): void {
    this.add(id, "invalid", where, en, zh);
  }

  fault(id: ClaimId, where: string | null, fault: Fault): void {
    this.add(id, "invalid", where, fault.en, fault.zh);
  }

  unchecked(id: ClaimId, en: string, zh: string, where: string | null = null): void {
    this.add(id, "not_checked", where, en, zh);
  }

  /** Note that a claim is proved, unless something else was said of it before. */
  valid(id: ClaimId, en: string, zh: string): void {
    if (!this.claims.some((c) => c.id === id)) this.add(id, "valid", null, en, zh);
  }

  failed(id: ClaimId): boolean {
    return this.claims.some((c) => c.id === id && c.status === "invalid");
  }

  told(id: ClaimId): boolean {
    return this.claims.some((c) => c.id === id);
  }
}

const EXITS: Record<Outcome, number> = { valid: 0, invalid: 1, not_a_package: 2, incomplete: 3 };

/** The verdict that the findings amount to. */
export function conclude(
  file: string,
  findings: Findings,
  how: { trusted: boolean; trial: boolean; erased?: Line },
): Verdict {
  for (const id of ORDER) {
    if ((!OPTIONAL.has(id) || findings.required.has(id)) && !findings.told(id)) {
      const { zh, en } = CLAIMS[id];
      findings.unchecked(id, `${en}: could not be checked.`, `${zh}：无法核查。`);
    }
  }
  const claims = [...findings.claims].sort((a, b) => ORDER.indexOf(a.id) - ORDER.indexOf(b.id) || Number(a.where === null) - Number(b.where === null) || byName(a.where ?? "", b.where ?? ""));
  const missing = claims.some((c) => c.required && c.status !== "valid");
  let outcome: Outcome = "valid";
  if (claims.some((c) => c.status === "invalid")) outcome = "invalid";
  else if (missing || !how.trusted || how.erased) outcome = "incomplete";
  const failed = claims.filter((c) => c.status === "invalid").map((c) => c.id);
  let { zh, en } = headline(outcome, failed, { trusted: how.trusted, damaged: findings.damaged });
  if (how.erased && outcome === "incomplete") ({ zh, en } = how.erased);
  if (how.trial && outcome !== "invalid") {
    zh = `试用：${zh}（时间戳仅来自试用机构）`;
    en = `TRIAL: ${en} (trial timestamps only)`;
  }
  if (findings.badCertificate) {
    zh += "；注意：网站证书未通过验证，仍按声明取证";
    en += "; NOTE: the site's certificate did not verify; captured all the same, declared";
  }
  const shown = findings.facts["shown_url"];
  if (typeof shown === "string") {
    const told = elsewhereLine(shown);
    zh += `；注意：${told.zh}`;
    en += `; NOTE: ${told.en}`;
  }
  return {
    format: "markseal-verdict/1",
    file,
    verdict: outcome,
    exit: EXITS[outcome],
    trial: how.trial,
    foreign: false,
    headline: { zh, en },
    declared: findings.declared,
    claims,
    facts: findings.facts,
    not_proved: unproved(claims.map((c) => c.id), String(findings.facts["fidelity"])),
  };
}

export function notAPackage(file: string): Verdict {
  return {
    format: "markseal-verdict/1",
    file,
    verdict: "not_a_package",
    exit: 2,
    trial: false,
    foreign: false,
    headline: {
      zh: "不是封装文件：其中没有任何 ZIP 记录；请选择 .wacz 或 .dossier.zip 文件",
      en: "Not a package: no ZIP record in it; choose a .wacz or .dossier.zip file",
    },
    declared: [],
    claims: [],
    facts: {},
    not_proved: unproved([], ""),
  };
}
