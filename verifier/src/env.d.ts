// What a worker has beyond the DOM library's types.
declare class FileReaderSync {
  readAsArrayBuffer(blob: Blob): ArrayBuffer;
}
/** The worker's program, put in by the build. */
declare const WORKER_PROGRAM: string;
/** The texts of VERIFY.txt, every version, put in by the build. */
declare const VERIFY_TEXTS: string[];
/** Licences of what is bundled, put in by the build. */
declare const LICENCES: string;
