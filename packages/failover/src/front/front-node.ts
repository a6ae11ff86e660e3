import type { SocketAddress } from '../proxy/fault-proxy.js';

/** A node, and where the front reaches it. */
export interface FrontNode {
  readonly name: string;
  /** Its admin server, which says whether it serves. */
  readonly admin: SocketAddress & { readonly secure: boolean };
  /** What it listens on, in the order of the front's listeners. */
  readonly endpoints: readonly SocketAddress[];
}
