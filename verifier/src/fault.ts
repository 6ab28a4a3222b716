// What is wrong with something that was read, in two languages.

export class Fault extends Error {
  constructor(
    readonly en: string,
    readonly zh: string,
  ) {
    super(en);
  }
}

/** What `read` returns, or the fault it ended with. Other errors go on. */
export function attemptTo<T>(read: () => T): { value: T } | { fault: Fault } {
  try {
    return { value: read() };
  } catch (error) {
    if (error instanceof Fault) return { fault: error };
    throw error;
  }
}
