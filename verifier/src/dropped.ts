// Files from a drop or a file dialogue, with their paths.
import type { NamedFile } from "./worker";

/** Files chosen in a dialogue; those of a folder by their path in it. */
export function chosen(list: FileList): NamedFile[] {
  return [...list].map((file) => ({
    path: file.webkitRelativePath ? file.webkitRelativePath.split("/").slice(1).join("/") : file.name,
    file,
  }));
}

function readEntries(reader: FileSystemDirectoryReader): Promise<FileSystemEntry[]> {
  return new Promise((done, failed) => reader.readEntries(done, failed));
}

async function walk(entry: FileSystemEntry, path: string, found: NamedFile[], depth: number): Promise<void> {
  if (depth > 8 || found.length > 5000) return;
  if (entry.isFile) {
    const file = await new Promise<File>((done, failed) => (entry as FileSystemFileEntry).file(done, failed));
    found.push({ path: path + entry.name, file });
    return;
  }
  const reader = (entry as FileSystemDirectoryEntry).createReader();
  for (let some = await readEntries(reader); some.length; some = await readEntries(reader)) {
    for (const one of some) await walk(one, `${path}${entry.name}/`, found, depth + 1);
  }
}

/** All files of a drop; those inside folders by their path from the folder's name on. */
export async function dropped(data: DataTransfer): Promise<NamedFile[]> {
  const entries = [...data.items].map((item) => (item.kind === "file" ? item.webkitGetAsEntry() : null));
  const plain = chosen(data.files);
  const found: NamedFile[] = [];
  for (const entry of entries) if (entry) await walk(entry, "", found, 0);
  return found.length ? found : plain;
}

/** The files of the trust folder among these, by their paths from policy.toml's place; none if there is no such file. */
export function trustAmong(files: NamedFile[]): NamedFile[] {
  const policies = files.filter((f) => /(^|\/)policy\.toml$/.test(f.path));
  policies.sort((a, b) => a.path.length - b.path.length);
  const [first] = policies;
  if (!first) return [];
  const prefix = first.path.slice(0, -"policy.toml".length);
  return files.filter((f) => f.path.startsWith(prefix)).map((f) => ({ path: f.path.slice(prefix.length), file: f.file }));
}
