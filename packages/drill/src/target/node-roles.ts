import type { LedgerEntry } from '../ledger/ledger-event.js';
import { askSocket } from './unix-http.js';

const POLL_MS = 50;
const ANSWER_MS = 1000;

interface Status {
  readonly role: string;
  readonly epoch: number;
}

/** Asks the nodes of a pair what they are, again and again, and writes down what changes. */
export class NodeRoles {
  readonly #sockets: ReadonlyMap<string, string>;
  readonly #record: (entry: LedgerEntry) => void;
  readonly #known = new Map<string, Status>();
  #epoch = 0;
  #leader: string | null = null;
  #stopped = false;

  /** @param sockets the control sockets of the nodes, by name */
  constructor(sockets: ReadonlyMap<string, string>, record: (entry: LedgerEntry) => void) {
    this.#sockets = sockets;
    this.#record = record;
    for (const [node, socket] of sockets) void this.#watch(node, socket);
  }

  /** The node that led last, as far as anybody knows. */
  get leader(): string | null {
    return this.#leader;
  }

  /** The highest epoch in which a node led. */
  get epoch(): number {
    return this.#epoch;
  }

  get nodes(): readonly string[] {
    return [...this.#sockets.keys()];
  }

  stop(): void {
    this.#stopped = true;
  }

  async #watch(node: string, socket: string): Promise<void> {
    while (!this.#stopped) {
      let status: Status;
      try {
        status = (await askSocket(socket, 'GET', '/status', undefined, ANSWER_MS)) as Status;
      } catch {
        status = { role: 'unreachable', epoch: this.#known.get(node)?.epoch ?? 0 };
      }
      if (!this.#stopped) this.#note(node, status);
      await new Promise((resolve) => setTimeout(resolve, POLL_MS));
    }
  }

  #note(node: string, { role, epoch }: Status): void {
    const known = this.#known.get(node);
    if (known !== undefined && known.role === role && known.epoch === epoch) return;
    this.#known.set(node, { role, epoch });
    this.#record({ kind: 'role', node, role, epoch });
    if (role !== 'active' || epoch < this.#epoch) return;
    this.#epoch = epoch;
    this.#leader = node;
  }
}
