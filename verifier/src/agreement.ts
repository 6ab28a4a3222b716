// The records of one capture corroborate one another: fidelity, strips, moments, secrets, review.
import type { Contents } from "./contents";
import { sha256Hex } from "./digests";
import { isObject, type Json } from "./json";
import * as names from "./names";
import type { Findings } from "./verdict";

const at = (value: Json | undefined, ...keys: string[]): Json | undefined =>
  keys.reduce<Json | undefined>((found, key) => (isObject(found) ? found[key] : undefined), value);

export function checkAgreement(contents: Contents, listed: string[], fidelity: string | null, label: string, findings: Findings): void {
  const wrong = (name: string, en: string, zh: string): void => findings.invalid("package", `${label}!${name}`, en, zh);
  if (fidelity !== null) checkFidelity(contents, listed, fidelity, wrong);
  checkStrips(contents, listed, wrong);
  const moments = at(contents.records.get(names.ATTENDED), "moments");
  if (contents.records.has(names.ATTENDED) && (!Array.isArray(moments) || moments.length !== names.series(listed, "moments").length)) {
    wrong(names.ATTENDED, `${names.ATTENDED} does not list exactly the pictures of marked moments.`, `${names.ATTENDED} 所列的标记时刻与图片不一一对应。`);
  }
  checkReview(contents, listed, wrong);
}

type Wrong = (name: string, en: string, zh: string) => void;

function checkFidelity(contents: Contents, listed: string[], fidelity: string, wrong: Wrong): void {
  const capture = contents.records.get(names.CAPTURE);
  const stated: [string, Json | undefined][] = [];
  if (capture) stated.push([names.CAPTURE, capture["fidelity"]]);
  if (contents.warc) stated.push([names.ARCHIVE, contents.warc[0]?.fields.get("fidelity")]);
  for (const [name, value] of stated) {
    const silent = (value === undefined || value === null) && fidelity === "decoded";
    if (value !== fidelity && !silent) {
      const shown = String(value);
      wrong(name, `${name} says that the exchanges are ${shown}, the manifest that they are ${fidelity}.`, `${name} 所述的保真度为 ${shown}，清单为 ${fidelity}。`);
    }
  }
  const protocols = (contents.warc ?? []).flatMap((r) => (r.headers.get("warc-protocol") ?? "").split(", "));
  if (fidelity === "exact" && protocols.includes("h2")) {
    wrong(names.ARCHIVE, "An exchange over HTTP/2 is not the literal bytes of the wire, which the manifest promises.", "清单称交互为原始字节，但其中有经解码的 HTTP/2 交互。");
  }
  if (fidelity !== "redacted") return;
  const lists: [string, { [field: string]: string }][] = [
    ["masked", { file: "string", part: "string", what: "string", places: "number", bytes: "number" }],
    ["private", { name: "string", size: "number", sha256: "string", sm3: "string" }],
  ];
  for (const [key, fields] of lists) {
    const rows = capture?.[key];
    const fits = Array.isArray(rows) && rows.every((row) => Object.entries(fields).every(([field, kind]) => typeof at(row, field) === kind));
    if (capture && !fits) {
      wrong(
        names.CAPTURE,
        `The exchanges are redacted, but "${key}" of ${names.CAPTURE} does not list what it should.`,
        `交互记录经过遮盖，但 ${names.CAPTURE} 的“${key}”没有列出应列内容。`,
      );
    }
  }
  if (!listed.includes(names.PRIVATE)) {
    wrong(names.ARCHIVE, `The exchanges are redacted, but ${names.PRIVATE} with the exact bytes is not there.`, `交互记录经过遮盖，但没有封存原文的 ${names.PRIVATE}。`);
  }
}

function checkStrips(contents: Contents, listed: string[], wrong: Wrong): void {
  const strips = names.series(listed, "strips");
  const whole = contents.pictures.get(names.SCREENSHOT);
  const sizes = strips.map((name) => contents.pictures.get(name));
  if (!strips.length || !whole || sizes.includes(undefined)) return;
  strips.forEach((name, n) => {
    if (sizes[n]?.width !== whole.width) wrong(name, `${name} is not as wide as ${names.SCREENSHOT}.`, `${name} 与 ${names.SCREENSHOT} 宽度不同。`);
  });
  if (sizes.reduce((sum, size) => sum + (size?.height ?? 0), 0) !== whole.height) {
    wrong(strips[strips.length - 1] as string, `The strips together are not as tall as ${names.SCREENSHOT}.`, `各分段图片的总高度与 ${names.SCREENSHOT} 不同。`);
  }
}

/** The enclosed review is the one that the environment record names, of that browser and code. */
function checkReview(contents: Contents, listed: string[], wrong: Wrong): void {
  const environment = contents.records.get(names.ENVIRONMENT);
  const rows = environment?.["rows"];
  if (!Array.isArray(rows)) return;
  const stated = at(rows.find((row) => at(row, "id") === "review"), "data", "sha256");
  if (!listed.includes(names.REVIEW)) {
    if (stated !== undefined && stated !== null) {
      wrong(names.ENVIRONMENT, "The environment record names a technical review that is not enclosed.", "环境记录所述的技术核查记录未附上。");
    }
    return;
  }
  if (!contents.review) return;
  const record = contents.records.get(names.REVIEW);
  const same =
    at(record, "subject", "browser_sha256") === at(environment, "browser", "binary_sha256") &&
    at(record, "subject", "code_sha256") === at(environment, "software", "code_sha256");
  if (stated !== sha256Hex(contents.review.data) || !same) {
    wrong(
      names.REVIEW,
      "The technical review is not the one that the environment record names, or is of another browser or code.",
      "技术核查记录不是环境记录所述的那一份，或并非针对取证所用的浏览器和程序。",
    );
  }
}
