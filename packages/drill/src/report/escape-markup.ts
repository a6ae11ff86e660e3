const ENTITIES: ReadonlyMap<string, string> = new Map([
  ['&', '&amp;'],
  ['<', '&lt;'],
  ['>', '&gt;'],
  ['"', '&quot;'],
  ['\n', '&#10;'],
]);

/** Makes text of whatever origin harmless in an element or an attribute of HTML and XML. */
export function escapeMarkup(text: string): string {
  return text.replace(/[&<>"\n]/g, (character) => ENTITIES.get(character)!);
}
