import { connect, type Socket } from 'node:net';

const WAIT_MS = 8000;

/** A STOMP connection that sends what it is told and keeps what it gets as text. */
export class RawStomp {
  readonly socket: Socket;
  text = '';
  bytes = 0;
  closed = false;
  #changed: () => void = () => {};

  constructor(port: number) {
    this.socket = connect(port, '127.0.0.1');
    this.socket.setEncoding('latin1');
    this.socket.on('data', (text: string) => {
      this.text += text;
      this.bytes += text.length;
      this.#changed();
    });
    this.socket.on('end', () => this.socket.end());
    this.socket.on('error', () => {});
    this.socket.on('close', () => {
      this.closed = true;
      this.#changed();
    });
  }

  /** Logs in and waits for the answer. */
  static async login(port: number, headers = ''): Promise<RawStomp> {
    const client = new RawStomp(port);
    client.send(`CONNECT\naccept-version:1.2\nhost:h\n${headers}\n^`);
    await client.until(() => client.text.includes('CONNECTED') || client.closed);
    return client;
  }

  /** Sends text in which `^` stands for NUL. */
  send(text: string): this {
    this.socket.write(text.replaceAll('^', '\0'), 'latin1');
    return this;
  }

  /** How many frames of this command came so far. */
  count(command: string): number {
    return this.text.split(`${command}\n`).length - 1;
  }

  /** What was sent before has been handled. */
  async handled(): Promise<void> {
    const receipt = `handled-${Math.random()}`;
    this.send(`SEND\ndestination:/topic/nowhere\nreceipt:${receipt}\n\n^`);
    await this.until(() => this.text.includes(receipt) || this.closed);
  }

  async until(done: () => boolean): Promise<void> {
    if (done()) return;
    await new Promise<void>((resolve, reject) => {
      const timer = setTimeout(() => {
        reject(new Error(`nothing came in time after ${JSON.stringify(this.text.slice(-500))}`));
      }, WAIT_MS);
      this.#changed = () => {
        if (!done()) return;
        clearTimeout(timer);
        this.#changed = () => {};
        resolve();
      };
    });
  }

  destroy(): void {
    this.socket.destroy();
  }
}
