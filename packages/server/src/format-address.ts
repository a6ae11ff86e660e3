/** `127.0.0.1:1883`, or `[::1]:1883`. */
export function formatAddress(bound: { readonly host: string; readonly port: number }): string {
  return bound.host.includes(':') ? `[${bound.host}]:${bound.port}` : `${bound.host}:${bound.port}`;
}
