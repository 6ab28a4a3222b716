// The language of the page, and elements made by hand: what is read is only ever put in as text.
import type { Line } from "./verdict";

let current: "zh" | "en" = "zh";

export function language(): "zh" | "en" {
  return current;
}

export function setLanguage(next: "zh" | "en"): void {
  current = next;
}

export function t(line: Line): string {
  return visible(line[current]);
}

/** Text from a file, with nothing in it that could steer what is shown. */
export function visible(value: string): string {
  return value.replace(/[\p{Cc}\p{Cf}\p{Co}\p{Cs}\u2028\u2029]/gu, (c) => `\\u{${(c.codePointAt(0) ?? 0).toString(16)}}`);
}

type Child = Node | string | null;

export function element<K extends keyof HTMLElementTagNameMap>(
  tag: K,
  attributes: { [name: string]: string },
  ...children: Child[]
): HTMLElementTagNameMap[K] {
  const made = document.createElement(tag);
  for (const [name, value] of Object.entries(attributes)) made.setAttribute(name, value);
  made.append(...children.filter((child): child is Node | string => child !== null));
  return made;
}
