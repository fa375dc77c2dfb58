/** Returns the pattern of a text that holds these characters as they are, for MySQL's LIKE. */
export function containing(characters: string): string {
  return `%${characters.replaceAll(/[\\%_]/g, (character) => `\\${character}`)}%`
}
