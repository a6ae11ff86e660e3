import type { Readable } from 'node:stream';
import type stompit from 'stompit';

type IncomingFrame = Readable & { readonly headers: Readonly<Record<string, string>> };
type Handler = (frame: IncomingFrame, ...rest: unknown[]) => void;

/**
 * Remembers what an ERROR frame says. The library reports it late, and not at all when the
 * connection ends first; and it destroys the stream of that frame with an error that nobody listens
 * to, which would end the program.
 */
export class StompErrors {
  #message: string | null = null;
  #body = '';

  constructor(client: stompit.Client) {
    const setHandlers = client.setCommandHandlers.bind(client);
    client.setCommandHandlers = (handlers) => {
      const guarded = Object.entries(handlers).map(([command, handler]) => [
        command,
        this.#guard(command, handler as unknown as Handler),
      ]);
      setHandlers(Object.fromEntries(guarded));
    };
  }

  /** The frame's `message` header and the first line of its body, or else the library's error. */
  describe(error: Error): string {
    if (this.#message === null) return error.message;
    const detail = this.#body.trim().split('\n')[0] ?? '';
    return detail === '' ? this.#message : `${this.#message}: ${detail}`;
  }

  #guard(command: string, handler: Handler): Handler {
    const errors = this;
    return function guard(this: unknown, frame, ...rest) {
      frame.on('error', () => {});
      if (command === 'ERROR') {
        errors.#message = frame.headers.message ?? 'ERROR';
        frame.on('data', (chunk) => {
          errors.#body += String(chunk);
        });
      }
      handler.call(this, frame, ...rest);
    };
  }
}
