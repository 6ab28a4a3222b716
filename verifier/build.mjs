// Builds dist/markseal-verify.html: one file, the same bytes each time.
import { build } from "esbuild";
import { createHash } from "node:crypto";
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";

const here = dirname(fileURLToPath(import.meta.url));
const out = process.argv[2] ?? join(here, "dist", "markseal-verify.html");
const texts = join(here, "..", "evidence", "format");
const BUNDLED = ["@noble/curves", "@noble/hashes", "smol-toml"];

function licences() {
  return BUNDLED.map((name) => {
    const { version, license } = JSON.parse(readFileSync(join(here, "node_modules", name, "package.json"), "utf8"));
    const text = readFileSync(join(here, "node_modules", name, "LICENSE"), "utf8").replace(/\r\n/g, "\n").trim();
    return `${name} ${version} (${license})\n\n${text}\n`;
  }).join("\n----\n\n");
}

const versions = readdirSync(texts)
  .map((name) => /^VERIFY-(\d+)\.txt$/.exec(name))
  .filter(Boolean)
  .sort((a, b) => Number(a[1]) - Number(b[1]))
  .map((match) => readFileSync(join(texts, match[0]), "utf8"));

async function bundle(entry, define) {
  const { outputFiles } = await build({
    entryPoints: [join(here, "src", entry)],
    absWorkingDir: here,
    bundle: true,
    write: false,
    format: "iife",
    target: "es2020",
    charset: "utf8",
    legalComments: "inline",
    minifySyntax: true,
    minifyWhitespace: false,
    define,
  });
  // Inside <script> nothing may look like its end, nor like a comment of HTML.
  return outputFiles[0].text.replace(/<(?=\/script|!--)/gi, "\\x3c");
}

const sha256 = (text, form) => createHash("sha256").update(text).digest(form);
const worker = await bundle("worker.ts", { VERIFY_TEXTS: JSON.stringify(versions) });
const script = await bundle("page.ts", { WORKER_PROGRAM: JSON.stringify(worker), LICENCES: JSON.stringify(licences()) });
const style = readFileSync(join(here, "src", "style.css"), "utf8");
const parts = {
  SCRIPT_HASH: sha256(script, "base64"),
  STYLE_HASH: sha256(style, "base64"),
  TEXT_HASHES: versions.map((text) => sha256(text, "hex")).join(" "),
  STYLE: style,
  SCRIPT: script,
};
const template = readFileSync(join(here, "src", "page.html"), "utf8");
const page = template.replace(/@([A-Z_]+)@/g, (_, name) => parts[name]);
mkdirSync(dirname(out), { recursive: true });
writeFileSync(out, page);
console.log(`${sha256(page, "hex")}  ${out.startsWith(here) ? "verifier" + out.slice(here.length) : out}`);
