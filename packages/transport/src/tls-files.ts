import { readFile, stat } from 'node:fs/promises';
import { createSecureContext, type SecureContextOptions } from 'node:tls';

/** Where the certificates of a listener are, in PEM form. */
export interface TlsConfig {
  /** Path of the certificate, followed by its chain. */
  readonly cert: string;
  /** Path of its private key. */
  readonly key: string;
  /** Path of the certificates that client certificates must come from. */
  readonly ca?: string | undefined;
  /**
   * Whether clients are asked for a certificate. `require` turns away who has no valid one;
   * `request` takes a valid one as a login and lets the others log in otherwise. Default `none`.
   */
  readonly clientAuth?: 'none' | 'request' | 'require' | undefined;
}

/** The files of a {@link TlsConfig}, and whether they are still those that were read. */
export class TlsFiles {
  readonly #config: TlsConfig;
  #stamp = '';

  constructor(config: TlsConfig) {
    this.#config = config;
  }

  /** Whether a file is not what it was when `read` was last called. */
  async changed(): Promise<boolean> {
    return (await this.#currentStamp()) !== this.#stamp;
  }

  /**
   * Reads the files and makes sure that they belong together.
   * @throws Error that names what is wrong; the private key is never part of it
   */
  async read(): Promise<SecureContextOptions> {
    // Taken before reading: a file that changes meanwhile is read again.
    this.#stamp = await this.#currentStamp();
    const { cert, key, ca } = this.#config;
    const options: SecureContextOptions = {
      cert: await readFile(cert),
      key: await readFile(key),
      minVersion: 'TLSv1.2',
    };
    if (ca !== undefined) options.ca = await readFile(ca);
    createSecureContext(options);
    return options;
  }

  async #currentStamp(): Promise<string> {
    const { cert, key, ca } = this.#config;
    const paths = ca === undefined ? [cert, key] : [cert, key, ca];
    const stamps = paths.map(async (path) => {
      try {
        const { mtimeMs, size, ino } = await stat(path);
        return `${mtimeMs} ${size} ${ino}`;
      } catch {
        return 'missing';
      }
    });
    return (await Promise.all(stamps)).join();
  }
}
