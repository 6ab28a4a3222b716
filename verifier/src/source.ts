// Where bytes are read from: a file on disk (never loaded whole), a part of one, or memory.
import type { Bytes } from "./bytes";

export const CHUNK = 1 << 20;

export interface Source {
  readonly size: number;
  /** At most `length` bytes from `at`; fewer at the end. */
  read(at: number, length: number): Bytes;
  part(at: number, length: number): Source;
}

export function* chunks(source: Source, size = CHUNK): Generator<Bytes> {
  for (let at = 0; at < source.size; at += size) yield source.read(at, size);
}

export function whole(source: Source): Bytes {
  return source.read(0, source.size);
}

abstract class Base implements Source {
  abstract readonly size: number;
  abstract read(at: number, length: number): Bytes;

  part(at: number, length: number): Source {
    const from = Math.max(0, Math.min(at, this.size));
    return new Part(this, from, Math.max(0, Math.min(length, this.size - from)));
  }
}

class Part extends Base {
  constructor(
    private readonly of: Source,
    private readonly from: number,
    readonly size: number,
  ) {
    super();
  }

  override read(at: number, length: number): Bytes {
    const from = Math.max(0, Math.min(at, this.size));
    return this.of.read(this.from + from, Math.max(0, Math.min(length, this.size - from)));
  }

  override part(at: number, length: number): Source {
    const from = Math.max(0, Math.min(at, this.size));
    return new Part(this.of, this.from + from, Math.max(0, Math.min(length, this.size - from)));
  }
}

export class Memory extends Base {
  readonly size: number;

  constructor(private readonly data: Bytes) {
    super();
    this.size = data.length;
  }

  override read(at: number, length: number): Bytes {
    return this.data.subarray(at, at + length);
  }
}

/** A file of the browser's, read synchronously inside a worker; one block is kept at hand. */
export class FileSource extends Base {
  /** Told how many bytes were read, as it happens. */
  static onRead: ((bytes: number) => void) | null = null;
  readonly size: number;
  private readonly reader: FileReaderSync;
  private heldAt = 0;
  private held: Bytes = new Uint8Array(0);

  constructor(private readonly file: Blob) {
    super();
    this.size = file.size;
    this.reader = new FileReaderSync();
  }

  override read(at: number, length: number): Bytes {
    const end = Math.min(at + length, this.size);
    if (at >= end) return new Uint8Array(0);
    if (at < this.heldAt || end > this.heldAt + this.held.length) {
      if (length >= CHUNK) return this.fetch(at, end);
      this.heldAt = at;
      this.held = this.fetch(at, Math.min(at + CHUNK, this.size));
    }
    return this.held.subarray(at - this.heldAt, end - this.heldAt);
  }

  private fetch(at: number, end: number): Bytes {
    FileSource.onRead?.(end - at);
    return new Uint8Array(this.reader.readAsArrayBuffer(this.file.slice(at, end)));
  }
}
