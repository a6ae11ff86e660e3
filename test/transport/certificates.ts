import { execFileSync } from 'node:child_process';
import { copyFileSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** Part of every system that the tests run on. */
const OPENSSL = 'openssl';

export interface KeyPair {
  readonly cert: string;
  readonly key: string;
}

/** A certificate authority in a temporary folder, made by the openssl command. */
export class CertificateAuthority {
  readonly #folder = mkdtempSync(join(tmpdir(), 'causeway-tls-'));
  readonly certificate: string;
  #serial = 0;

  constructor() {
    this.certificate = this.#path('ca.pem');
    this.#openssl(
      ...['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-days', '2', '-subj', '/CN=Test authority', '-keyout', this.#path('ca.key')],
      ...['-out', this.certificate],
    );
  }

  /** @param subject such as `/O=Example/CN=shop-1` */
  issue(subject: string): KeyPair {
    const name = `issued-${++this.#serial}`;
    const pair = { cert: this.#path(`${name}.pem`), key: this.#path(`${name}.key`) };
    const request = this.#path(`${name}.csr`);
    const extensions = this.#path(`${name}.ext`);
    writeFileSync(extensions, 'subjectAltName=DNS:localhost,IP:127.0.0.1\n');
    this.#openssl(
      ...['req', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:prime256v1', '-nodes'],
      ...['-subj', subject, '-keyout', pair.key, '-out', request],
    );
    this.#openssl(
      ...['x509', '-req', '-in', request, '-CA', this.certificate, '-CAkey', this.#path('ca.key')],
      ...['-set_serial', String(this.#serial), '-days', '2', '-extfile', extensions],
      ...['-out', pair.cert],
    );
    return pair;
  }

  /** A copy of the files, at paths where they can be replaced. */
  install(pair: KeyPair): KeyPair {
    const installed = { cert: this.#path('installed.pem'), key: this.#path('installed.key') };
    this.replace(installed, pair);
    return installed;
  }

  replace(installed: KeyPair, pair: KeyPair): void {
    copyFileSync(pair.cert, installed.cert);
    copyFileSync(pair.key, installed.key);
  }

  remove(): void {
    rmSync(this.#folder, { recursive: true });
  }

  #path(name: string): string {
    return join(this.#folder, name);
  }

  #openssl(...args: string[]): void {
    execFileSync(OPENSSL, args, { stdio: ['ignore', 'ignore', 'pipe'] });
  }
}

/** The contents of a key pair, as a TLS client wants them. */
export function loaded(pair: KeyPair): { cert: Buffer; key: Buffer } {
  return { cert: readFileSync(pair.cert), key: readFileSync(pair.key) };
}
