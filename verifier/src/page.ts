// The page: choose evidence and trust folder, verify in a worker, show the verdict.
import { chosen, dropped, trustAmong } from "./dropped";
import { showTrust, showVerdict } from "./show";
import { T } from "./texts";
import { element as e, language, setLanguage, t, visible } from "./words";
import type { Answer, NamedFile, Order } from "./worker";

interface State {
  evidence: NamedFile[];
  trust: NamedFile[];
  shown: Answer["trust"] | null;
  answer: Answer | null;
  read: number | null;
  broken: boolean;
}
const state: State = { evidence: [], trust: [], shown: null, answer: null, read: null, broken: false };
const app = document.getElementById("app") as HTMLElement;
const program = URL.createObjectURL(new Blob([WORKER_PROGRAM], { type: "text/javascript" }));
let worker: Worker | null = null;
let turn = 0;

declare global {
  interface Window {
    /** The last verdict as text, for those who drive the page by a program. */
    marksealVerdict: string | null;
  }
}
window.marksealVerdict = null;

function run(order: Order, done: (answer: Answer) => void): void {
  worker?.terminate();
  const own = ++turn;
  worker = new Worker(program);
  worker.onmessage = (event: MessageEvent<Answer | { read: number }>) => {
    if (own !== turn) return;
    if ("read" in event.data) {
      state.read = event.data.read;
      const place = document.getElementById("progress");
      if (place) place.textContent = progress();
      return;
    }
    done(event.data);
  };
  worker.onerror = (event) => {
    event.preventDefault();
    if (own !== turn) return;
    state.read = null;
    state.broken = true;
    settle("broken");
  };
  worker.postMessage(order);
}

function progress(): string {
  return state.read === null ? "" : `${t(T.reading)} ${(state.read / 1e6).toFixed(0)} MB`;
}

function settle(word: string): void {
  render();
  document.body.dataset["state"] = word;
}

/** The file to verify among those given, and the others. */
function split(): { main: NamedFile; beside: NamedFile[] } | null {
  const files = state.evidence;
  for (const ending of [".dossier.zip", ".wacz", ".erasure.json"]) {
    const mains = files.filter((f) => f.path.endsWith(ending));
    if (mains.length > 1) return null;
    const [main] = mains;
    if (main) {
      const folder = main.path.slice(0, main.path.lastIndexOf("/") + 1);
      const near = files.filter((f) => f !== main && f.path.startsWith(folder));
      return {
        main: { path: main.path.slice(folder.length), file: main.file },
        beside: near.map((f) => ({ path: f.path.slice(folder.length), file: f.file })),
      };
    }
  }
  return files.length === 1 && files[0] ? { main: files[0], beside: [] } : null;
}

function verify(): void {
  const found = split();
  if (!found) return;
  state.answer = null;
  state.broken = false;
  state.read = 0;
  window.marksealVerdict = null;
  settle("busy");
  run({ file: found.main, beside: found.beside, trust: state.trust.length ? state.trust : null }, (answer) => {
    state.answer = answer;
    state.read = null;
    if (answer.trust) state.shown = answer.trust;
    window.marksealVerdict = answer.verdict ? JSON.stringify(answer.verdict, null, 2) + "\n" : null;
    settle(answer.refused ? "refused" : "done");
    document.getElementById("headline")?.focus();
  });
}

function takeEvidence(files: NamedFile[]): void {
  state.evidence = files;
  forget();
}

function takeTrust(files: NamedFile[]): void {
  state.trust = files;
  state.shown = null;
  forget();
  if (!files.length) return;
  run({ file: null, beside: [], trust: files }, (answer) => {
    state.shown = answer.trust ?? null;
    if (answer.refused) state.answer = answer;
    settle("chosen");
  });
}

function forget(): void {
  state.answer = null;
  state.read = null;
  state.broken = false;
  window.marksealVerdict = null;
  worker?.terminate();
  turn++;
  settle("chosen");
}

/** What was dropped on the page: a trust folder is known by its policy.toml, wherever it falls. */
async function take(data: DataTransfer, onTrust: boolean): Promise<void> {
  const files = await dropped(data);
  const trust = trustAmong(files);
  if (trust.length) takeTrust(trust);
  const rest = trust.length ? files.filter((f) => !trust.some((one) => one.file === f.file)) : files;
  if (rest.length && onTrust && !trust.length) takeTrust(rest);
  else if (rest.length) takeEvidence(rest);
}

function picker(id: string, label: string, folder: boolean, take_: (files: NamedFile[]) => void): HTMLElement {
  const input = e("input", { type: "file", id, multiple: "" });
  if (folder) input.setAttribute("webkitdirectory", "");
  input.addEventListener("change", () => {
    if (input.files?.length) take_(chosen(input.files));
  });
  return e("label", { class: "pick" }, label, input);
}

function zone(onTrust: boolean): HTMLElement {
  const files = onTrust ? state.trust : state.evidence;
  const names = files.slice(0, 3).map((f) => visible(f.path)).join(", ") + (files.length > 3 ? ` … (${files.length} ${t(T.files)})` : "");
  const section = e(
    "section",
    { class: `zone${files.length ? " full" : ""}`, "aria-labelledby": onTrust ? "h-trust" : "h-evidence" },
    e("h3", { id: onTrust ? "h-trust" : "h-evidence" }, t(onTrust ? T.trust : T.evidence)),
    e("p", {}, t(onTrust ? T.trustHelp : T.evidenceHelp)),
    files.length ? e("p", { class: "chosen" }, names) : null,
    e(
      "div",
      { class: "row" },
      onTrust ? picker("trust-folder", t(T.pickFolder), true, (f) => takeTrust(trustAmong(f).length ? trustAmong(f) : f)) : null,
      picker(onTrust ? "trust-files" : "evidence-files", t(T.pickFiles), false, onTrust ? takeTrust : takeEvidence),
      files.length ? button(T.remove, () => (onTrust ? takeTrust([]) : takeEvidence([]))) : null,
    ),
  );
  section.addEventListener("dragover", (event) => {
    event.preventDefault();
    section.classList.add("over");
  });
  section.addEventListener("dragleave", () => section.classList.remove("over"));
  section.addEventListener("drop", (event) => {
    event.preventDefault();
    event.stopPropagation();
    if (event.dataTransfer) void take(event.dataTransfer, onTrust);
  });
  return section;
}

function button(label: { zh: string; en: string }, pressed: () => void, attributes: { [name: string]: string } = {}): HTMLElement {
  const made = e("button", { type: "button", ...attributes }, t(label));
  made.addEventListener("click", pressed);
  return made;
}

function save(): void {
  if (!window.marksealVerdict || !state.answer?.verdict) return;
  const link = e("a", { download: `${state.answer.verdict.file}.verdict.json` });
  link.href = URL.createObjectURL(new Blob([window.marksealVerdict], { type: "application/json" }));
  link.click();
}

function go(): HTMLElement {
  const found = split();
  const start = button(T.verify, verify, { class: "main", id: "verify" }) as HTMLButtonElement;
  start.disabled = !found || state.read !== null;
  const hint = state.read !== null ? progress() : !state.evidence.length ? t(T.needFile) : found ? "" : t(T.oneFile);
  return e("div", { class: "go" }, start, e("p", { id: "progress", role: "status" }, hint));
}

function results(): (HTMLElement | null)[] {
  const { answer } = state;
  const refused = answer?.refused ? e("p", { class: "refused", role: "alert", id: "refused" }, t(answer.refused)) : null;
  const broken = state.broken ? e("p", { class: "refused", role: "alert" }, t(T.broken)) : null;
  const verdict = answer?.verdict;
  return [
    refused,
    broken,
    ...(verdict ? showVerdict(verdict, state.shown ?? null) : []),
    verdict ? e("div", { class: "tools" }, button(T.save, save, { id: "save" }), button(T.print, () => window.print())) : null,
    ...(state.shown ? showTrust(state.shown) : []),
  ];
}

function render(): void {
  document.documentElement.lang = language() === "zh" ? "zh-CN" : "en";
  document.title = t(T.title);
  const change = button(T.other, () => {
    setLanguage(language() === "zh" ? "en" : "zh");
    const word = document.body.dataset["state"] ?? "ready";
    settle(word);
    document.getElementById("language")?.focus();
  }, { id: "language", lang: language() === "zh" ? "en" : "zh-CN" });
  app.replaceChildren(
    e("header", {}, e("div", {}, e("h1", {}, t(T.title)), e("p", {}, t(T.local))), change),
    e(
      "main",
      {},
      e("div", { class: "zones" }, zone(false), zone(true)),
      go(),
      e("div", { id: "result", "aria-live": "polite" }, ...results()),
      e(
        "footer",
        {},
        e("p", {}, t(T.about)),
        e("p", {}, t(T.suspected)),
        e("details", {}, e("summary", {}, t(T.licences)), e("pre", {}, LICENCES)),
      ),
    ),
  );
}

for (const kind of ["dragover", "drop"] as const) {
  document.addEventListener(kind, (event) => {
    event.preventDefault();
    if (kind === "drop" && event.dataTransfer) void take(event.dataTransfer, false);
  });
}
settle("ready");
