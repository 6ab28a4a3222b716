// What is shown of a verdict and of a trust folder.
import { FOREIGN, places } from "./headline";
import type { Json } from "./json";
import { FACTS, T, VALUES } from "./texts";
import type { Claim, Line, Verdict } from "./verdict";
import { CLAIMS } from "./verdict";
import { element as e, language, t, visible } from "./words";
import type { TrustShown } from "./worker";

/** Failing places that are told at once; the claims name every one. */
const MOST_PLACES = 5;
const MARKS = { valid: "✓", invalid: "✗", not_checked: "○", incomplete: "!", not_a_package: "?" };

export function showVerdict(verdict: Verdict, trust: TrustShown | null): HTMLElement[] {
  const failing = places(verdict.claims.filter((c) => c.status === "invalid").map((c) => c.where));
  const shown = failing.slice(0, MOST_PLACES).map(visible).join(", ") + (failing.length > MOST_PLACES ? " …" : "");
  const print = trust?.folder.whole;
  const head = e(
    "section",
    { class: `head ${verdict.verdict}`, id: "headline", tabindex: "-1" },
    e("div", { class: "word" }, `${MARKS[verdict.verdict]} ${t(verdict.headline)}`),
    verdict.foreign ? e("p", {}, t(FOREIGN["advice"] as Line)) : failing.length ? e("p", { class: "file", id: "failing" }, t(T.failing), e("code", {}, shown)) : null,
    e("p", { class: "file" }, visible(verdict.file)),
    e("p", { class: "file" }, `${t(T.withTrust)}${t(T.colon)}`, print ? e("code", {}, `SHA256SUMS ${groups(print).join(" ")}`) : t(trust ? T.compareBelow : T.noTrustShown)),
  );
  const found = [head];
  if (verdict.declared.length) {
    found.push(e("section", { class: "declared" }, e("p", {}, t(T.declared)), lines(verdict.declared)));
  }
  if (verdict.claims.length) {
    found.push(e("h2", {}, t(T.claims)), e("section", { class: "card", id: "claims" }, ...verdict.claims.map(claim)));
  }
  if (verdict.claims.length) found.push(e("h2", {}, t(T.notProved)), lines(verdict.not_proved));
  if (Object.keys(verdict.facts).length) {
    found.push(e("h2", {}, t(T.facts)));
    if (verdict.verdict === "invalid") found.push(e("p", { class: "refused" }, t(T.factsInvalid)));
    found.push(facts(verdict.facts));
  }
  return found;
}

function lines(list: Line[]): HTMLElement {
  return e("ul", { class: "lines" }, ...list.map((line) => e("li", {}, t(line))));
}

function claim(one: Claim): HTMLElement {
  const badge = e("div", { class: `badge ${one.status}` }, e("i", { "aria-hidden": "true" }, MARKS[one.status]), t(T[one.status]));
  if (one.required) badge.append(e("span", { class: "must" }, t(T.required)));
  return e(
    "div",
    { class: "claim" },
    badge,
    e(
      "div",
      {},
      e("h3", {}, t(CLAIMS[one.id])),
      e("p", {}, t(one)),
      one.where ? e("p", { class: "where" }, t(T.where), e("code", {}, visible(one.where))) : null,
    ),
  );
}

function word(key: string): string {
  const known = Object.prototype.hasOwnProperty.call(FACTS, key) ? FACTS[key] : undefined;
  return known ? t(known) : key.replace(/_/g, " ");
}

function plain(value: Json): string {
  if (value === null) return "—";
  if (typeof value === "boolean") return t(value ? T.yes : T.no);
  if (Array.isArray(value)) return value.map(plain).join("; ");
  if (typeof value === "object") return Object.entries(value).map(([k, v]) => `${word(k)} ${plain(v)}`).join(", ");
  const told = Object.prototype.hasOwnProperty.call(VALUES, String(value)) ? VALUES[String(value)] : undefined;
  return told ? t(told) : withLocalTime(visible(String(value)));
}

/** A time as stated (UTC), and in Chinese that of Beijing beside it. */
function withLocalTime(value: string): string {
  if (language() !== "zh" || !/^\d{4}-\d\d-\d\dT[\d:.]+Z$/.test(value)) return value;
  const local = new Date(Date.parse(value.slice(0, 19) + "Z") + 8 * 3600e3);
  return Number.isNaN(local.getTime()) ? value : `${value}（北京时间 ${local.toISOString().slice(0, 19).replace("T", " ")}）`;
}

function facts(all: { [key: string]: Json }): HTMLElement {
  const list = e("dl", { id: "facts" });
  const order = Object.keys(FACTS);
  const keys = Object.keys(all).sort((a, b) => order.indexOf(a) - order.indexOf(b));
  for (const key of keys) {
    const value = all[key] as Json;
    const rows = Array.isArray(value) ? value : [value];
    list.append(e("dt", {}, word(key)), e("dd", {}, ...rows.map((row) => e("div", {}, plain(row)))));
  }
  return list;
}

export function groups(hex: string): string[] {
  return hex.match(/.{4}/g) ?? [];
}

function hexCells(hex: string): HTMLElement {
  return e("div", { class: "hex" }, ...groups(hex).map((group) => e("span", {}, group)));
}

export function showTrust(shown: TrustShown): HTMLElement[] {
  const { prints, folder } = shown;
  const found: HTMLElement[] = [e("h2", {}, t(T.prints)), e("p", {}, t(T.printsHelp))];
  if (folder.whole === null) found.push(e("p", {}, t(T.noSums)));
  else {
    found.push(e("div", { class: "whole", id: "whole" }, e("strong", {}, t(T.whole)), " · ", e("code", {}, "SHA256SUMS"), hexCells(folder.whole)));
    found.push(e("p", {}, t(T.sumsAgree)));
  }
  const named = new Map(prints.flatMap((p) => [[p.name, p], [p.name.slice(p.name.lastIndexOf("/") + 1), p]]));
  const rows = folder.files.map((file) => {
    const print = named.get(file.name);
    return e("div", { class: "print" }, e("div", {}, print ? t(print) : "", print ? e("br", {}) : null, e("code", {}, visible(file.name))), hexCells(file.sha256));
  });
  found.push(e("section", { class: "card", id: "prints" }, ...rows));
  return found;
}
