// Numbers with their noun in English: "1 token", "2 tokens".
export function counted(number: number, one: string, many: string): string {
  return `${number} ${number === 1 ? one : many}`;
}
