// The claim `witness`: who cosigned the checkpoint of the proofs, and when.
import { counted } from "./counted";
import type { Json } from "./json";
import { attemptTo } from "./fault";
import { checkpointOf } from "./log";
import { cosignedAt, type Note } from "./note";
import type { Papers } from "./papers";
import { formatTime } from "./shape";
import type { Trust, Witness } from "./trust";
import type { Findings } from "./verdict";

export function checkWitnesses(papers: Papers, trust: Trust | null, logged: number | null, findings: Findings): void {
  const head = checkpointOf(papers);
  const facts = head ? checkCosigned(head.note, papers.sidecars.proof("outcome"), trust, logged, findings) : [];
  if (facts.length) findings.facts["witnesses"] = facts;
}

/** The same of one checkpoint, in the file `where`; returns who cosigned it and when. */
export function checkCosigned(note: Note, where: string, trust: Trust | null, logged: number | null, findings: Findings, place: string | null = null): Json[] {
  if (!trust || !trust.witnesses.length) return [];
  const slack = (trust.clockBound ?? 300) * 1e6;
  const seen: Witness[] = [];
  const facts: Json[] = [];
  for (const witness of trust.witnesses) {
    const found = attemptTo(() => cosignedAt(note, witness.key, where));
    if ("fault" in found) {
      findings.fault("witness", where, found.fault);
      continue;
    }
    if (found.value === null) continue;
    const moment = found.value * 1e6;
    if (logged !== null && moment + slack < logged) {
      findings.invalid(
        "witness", where,
        `The witness ${witness.name} cosigned at ${formatTime(moment)}, before the outcome was logged: one of the two times is wrong.`,
        `见证人 ${witness.name} 的签署时间 ${formatTime(moment)} 早于结果条目：两者必有一误。`,
      );
      continue;
    }
    seen.push(witness);
    facts.push({ name: witness.name, relation: witness.relation, time: formatTime(moment) });
  }
  const named = seen.map((w) => w.name).join("、");
  const outside = seen.some((w) => w.relation !== "party" && w.relation !== "operator");
  if (seen.length < trust.cosignatures) {
    findings.unchecked("witness", `${seen.length} of ${trust.cosignatures} witnesses cosigned the checkpoint.`, `要求 ${trust.cosignatures} 名见证人签署检查点，得到 ${seen.length} 名。`, place);
  } else if (trust.independent && !outside) {
    findings.unchecked("witness", `None of the witnesses (${named}) is independent of parties and operator.`, `签署的见证人（${named}）均非独立于当事人与运营者。`, place);
  } else {
    findings.valid("witness", `The checkpoint was cosigned by ${counted(seen.length, "trusted witness", "trusted witnesses")}: ${named}.`, `检查点有 ${seen.length} 名可信见证人签署：${named}。`);
  }
  return facts;
}
