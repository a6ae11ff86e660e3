/** The one line that says that clients can come, and where. */
export function readyLine(
  addresses: readonly { readonly name: string; readonly address: string }[],
): string {
  return ['ready', ...addresses.map(({ name, address }) => `${name}=${address}`)].join(' ');
}
