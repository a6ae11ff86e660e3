import { connect, type Socket } from 'node:net';
import type { LedgerEntry } from '../ledger/ledger-event.js';
import { statisticsOf } from '../measure/statistics.js';
import type { Address } from '../workload/client-settings.js';

const RETRY_MS = 200;
const CONNACK = 0x20;

/** Many MQTT clients that all connect at once, stay, and try again when they are turned away. */
export class ConnectionStorm {
  readonly #address: Address;
  readonly #connect: (client: number) => Buffer;
  readonly #wanted: number;
  readonly #times: number[] = [];
  readonly #sockets = new Set<Socket>();
  readonly #start = performance.now();
  #over = false;

  constructor(address: Address, wanted: number, user: string, password: string) {
    this.#address = address;
    this.#wanted = wanted;
    this.#connect = (client) => connectPacket(`storm-${client}`, user, password);
    for (let client = 0; client < wanted; client++) this.#open(client);
  }

  /** Hangs up, and says how it went. */
  end(): LedgerEntry {
    this.#over = true;
    for (const socket of this.#sockets) socket.destroy();
    const { median = 0, p99 = 0 } = statisticsOf(this.#times) ?? {};
    const connected = this.#times.length;
    const [medianMs, p99Ms] = [Math.round(median), Math.round(p99)];
    return { kind: 'storm', wanted: this.#wanted, connected, medianMs, p99Ms };
  }

  #open(client: number): void {
    if (this.#over) return;
    const socket = connect(this.#address, () => socket.write(this.#connect(client)));
    this.#sockets.add(socket);
    let accepted = false;
    socket.on('data', (chunk) => {
      if (accepted || chunk[0] !== CONNACK || chunk[3] !== 0) return;
      accepted = true;
      this.#times.push(performance.now() - this.#start);
    });
    socket.on('error', () => {});
    socket.on('close', () => {
      this.#sockets.delete(socket);
      if (!accepted && !this.#over) setTimeout(() => this.#open(client), RETRY_MS).unref();
    });
  }
}

/** CONNECT of MQTT 3.1.1 with a clean session and no keep-alive (3.1). */
function connectPacket(clientId: string, user: string, password: string): Buffer {
  const text = (value: string) => {
    const bytes = Buffer.from(value);
    return Buffer.concat([Buffer.from([bytes.length >> 8, bytes.length & 0xff]), bytes]);
  };
  const body = Buffer.concat([
    ...[text('MQTT'), Buffer.from([4, 0xc2, 0, 0])],
    ...[text(clientId), text(user), text(password)],
  ]);
  return Buffer.concat([Buffer.from([0x10, body.length]), body]);
}
