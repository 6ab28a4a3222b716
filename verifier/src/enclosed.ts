// The keys, certificates and instructions in a dossier: for reading, never trusted; still they must fit.
import { equal, text } from "./bytes";
import { type Certificate, issuedBy, same } from "./certificate";
import { attemptTo } from "./fault";
import * as names from "./names";
import { parseVkey } from "./note";
import type { Package } from "./package";
import type { Papers } from "./papers";
import { parseToken, pathTo } from "./token";
import { type Authority, parseCertificates, type Trust } from "./trust";
import type { Findings } from "./verdict";
import { isKnownText } from "./verifytext";
import type { Archive } from "./zip";

export function checkEnclosed(outer: Archive, papers: Papers, pack: Package, trust: Trust | null, findings: Findings): void {
  const instructions = papers.get(names.VERIFY_TEXT);
  if (instructions && !isKnownText(instructions, papers.sidecars.name, papers.tokens, pack.artefacts)) {
    findings.invalid("package", outer.place(names.VERIFY_TEXT), "VERIFY.txt is not the text that belongs in this dossier.", "VERIFY.txt 不是本证据移交包应有的说明文字。");
  }
  checkLogKey(outer, papers, trust, findings);
  for (const authority of papers.tokens) {
    const known = trust?.authorities.find((a) => a.name === authority) ?? null;
    checkAuthority(outer, papers, authority, known, findings);
  }
}

function checkLogKey(outer: Archive, papers: Papers, trust: Trust | null, findings: Findings): void {
  const data = papers.get(names.LOG_KEY);
  if (!data) return;
  const found = attemptTo(() => parseVkey(text(data, names.LOG_KEY), names.LOG_KEY));
  if ("fault" in found) {
    findings.fault("package", outer.place(names.LOG_KEY), found.fault);
    return;
  }
  const { name, key } = found.value;
  if (!text(data, names.LOG_KEY).endsWith("\n")) {
    findings.invalid("package", outer.place(names.LOG_KEY), `${names.LOG_KEY} is not one line.`, `${names.LOG_KEY} 不恰是一行。`);
    return;
  }
  if (trust && !trust.logs.some((log) => log.key.name === name && equal(log.key.key, key))) {
    findings.invalid(
      "inclusion", outer.place(names.LOG_KEY),
      "The enclosed log key is not one that this trust folder lists. If the log has a successor since, ask for a newer trust folder.",
      "所附日志公钥不在此信任文件夹所列之中。若其后已启用后继日志，请索取较新的信任文件夹。",
    );
  }
}

function checkAuthority(outer: Archive, papers: Papers, name: string, known: Authority | null, findings: Findings): void {
  const file = `authorities/${name}.pem`;
  const found = attemptTo(() => parseCertificates(papers.get(file) ?? new Uint8Array(0), file));
  if ("fault" in found) {
    findings.fault("package", outer.place(file), found.fault);
    return;
  }
  if (!known) return;
  const noun = papers.sidecars.response(name);
  const path = attemptTo(() => pathTo(parseToken(papers.get(noun) ?? new Uint8Array(0), noun), known));
  const way: Certificate[] = "value" in path ? path.value : [];
  const trusted = known.certificates;
  const fits = found.value.some(
    (c) => [...trusted, ...way].some((one) => same(one, c)) || trusted.some((one) => issuedBy(c, one)) || way.some((one) => issuedBy(one, c)),
  );
  if (!fits) {
    findings.invalid("timestamp", outer.place(file), `The enclosed certificates are not those of the trusted authority ${name}.`, `所附证书不是可信机构 ${name} 的证书。`);
  }
}
