import { createHash, createHmac, pbkdf2Sync } from 'node:crypto';

/** The client's side of SCRAM-SHA-256 (RFC 5802, RFC 7677). */
export class ScramClient {
  readonly #name: string;
  readonly #password: string;
  readonly #nonce: string;
  #serverSignature = '';

  constructor(name: string, password: string, nonce = 'fyko-d2lbbFgONRv9qkxdawL') {
    this.#name = name;
    this.#password = password;
    this.#nonce = nonce;
  }

  get firstMessage(): Buffer {
    return Buffer.from(`n,,${this.#bare}`);
  }

  /** The answer to the server's first message. */
  finalMessage(serverFirst: Buffer): Buffer {
    const text = serverFirst.toString();
    const nonce = field(text, 'r');
    if (!nonce.startsWith(this.#nonce)) throw new Error('the server changed the nonce');
    const salt = Buffer.from(field(text, 's'), 'base64');
    const salted = pbkdf2Sync(this.#password, salt, Number(field(text, 'i')), 32, 'sha256');
    const withoutProof = `c=biws,r=${nonce}`;
    const message = `${this.#bare},${text},${withoutProof}`;
    const clientKey = hmac(salted, 'Client Key');
    const signature = hmac(createHash('sha256').update(clientKey).digest(), message);
    const proof = clientKey.map((byte, index) => byte ^ (signature[index] ?? 0));
    this.#serverSignature = hmac(hmac(salted, 'Server Key'), message).toString('base64');
    return Buffer.from(`${withoutProof},p=${Buffer.from(proof).toString('base64')}`);
  }

  /** What the server must say last, which proves that it knows the user. */
  get serverFinal(): string {
    return `v=${this.#serverSignature}`;
  }

  get #bare(): string {
    return `n=${this.#name},r=${this.#nonce}`;
  }
}

function field(text: string, key: string): string {
  const found = text.split(',').find((part) => part.startsWith(`${key}=`));
  if (found === undefined) throw new Error(`the server sent no ${key}`);
  return found.slice(2);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}
