// VERIFY.txt: the known texts, with what is filled in.
import { type Bytes, equal, utf8 } from "./bytes";

export function isKnownText(data: Bytes, name: string, authorities: string[], artefacts: string[]): boolean {
  return VERIFY_TEXTS.some((template) => {
    const filled = template
      .split("@NAME@").join(name)
      .split("@AUTHORITIES@").join([...authorities].sort().join(" "))
      .split("@ARTEFACTS@").join([...artefacts].sort().join(" "));
    return equal(utf8(filled), data);
  });
}
