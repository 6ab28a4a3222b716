// Whether an invalid verdict is one about keys alone: the file was sealed by somebody else.
import { FOREIGN } from "./headline";
import * as names from "./names";
import type { Claim, Line, Verdict } from "./verdict";

/** The claims that fail when the keys are others, whatever the package says. */
const OF_KEYS = new Set<string>(["signature", "inclusion", "witness", "timestamp", "review"]);

function failing(verdict: Verdict): Claim[] {
  return verdict.claims.filter((claim) => claim.status === "invalid");
}

/** Whether nothing but claims that rest on keys fails, and signer and log are other ones. */
export function mayBeElsewhere(trusted: Verdict): boolean {
  const failed = failing(trusted);
  const ofKeys = ({ id, where }: Claim): boolean => OF_KEYS.has(id) || (id === "order" && (where ?? "").endsWith(".tsr"));
  if (!failed.length || !failed.every(ofKeys)) return false;
  const otherSigner = failed.some((c) => c.id === "signature" && (c.where ?? "").endsWith(names.MANIFEST));
  const log = failed.filter((c) => c.id === "inclusion");
  const noLog = !trusted.claims.some((c) => c.id === "inclusion" && c.status === "valid");
  const otherLog = log.length ? log.some((c) => (c.where ?? "").endsWith(names.LOG_KEY)) : noLog;
  return otherSigner && otherLog;
}

/** The verdict, told as one on keys alone if without any trust nothing is wrong. */
export function toldApart(trusted: Verdict, alone: () => Verdict): Verdict {
  if (!mayBeElsewhere(trusted)) return trusted;
  const other = alone();
  if (other.verdict !== "incomplete" || failing(other).length) return trusted;
  const { zh, en } = FOREIGN["headline"] as Line;
  return { ...trusted, foreign: true, headline: { zh: `核验不通过：${zh}`, en: `NOT VALID: ${en}` } };
}
