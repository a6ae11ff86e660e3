import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import { BrokerError, type Principal, type ScramExchange, type ScramResult } from '@causeway/core';
import { isStrictUtf8 } from '@causeway/wire';
import { SCRAM_ITERATIONS, type ScramKeys } from './scram-keys.js';

const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** Makes the salts of users who do not exist; a new one would tell that they do not. */
const DECOY_SECRET = randomBytes(KEY_BYTES);

interface Offer {
  readonly clientFirstBare: string;
  readonly serverFirst: string;
  readonly nonce: string;
  /** `c=` of the client's last message: its channel binding header, repeated. */
  readonly binding: string;
  readonly credential: ScramCredential | null;
}

/** What there is to know of a user. */
export interface ScramCredential extends ScramKeys {
  readonly principal: Principal;
}

/** One login by SCRAM-SHA-256. */
export class ScramServer implements ScramExchange {
  username = '';
  readonly #credentialOf: (name: string) => ScramCredential | null;
  readonly #nonce: string;
  #offer: Offer | null = null;

  /** @param nonce the server's part of it: printable characters that nobody can guess, no comma */
  constructor(credentialOf: (name: string) => ScramCredential | null, nonce: string) {
    this.#credentialOf = credentialOf;
    this.#nonce = nonce;
  }

  get started(): boolean {
    return this.#offer !== null;
  }

  start(message: Buffer): Buffer {
    // gs2-header: "n" or "y", an authorisation identity that we do not offer, then the bare message.
    const match = /^([ny],(?:a=([^,]*))?,)(n=([^,]*),r=([\x21-\x2b\x2d-\x7e]+)(?:,.*)?)$/s.exec(
      textOf(message),
    );
    if (match === null) throw refused('the first SCRAM message is not understood');
    const [, header, identity, bare, name, clientNonce] = match;
    this.username = decodeName(name!);
    if (identity !== undefined && decodeName(identity) !== this.username) {
      throw refused('acting for another user is not offered');
    }
    const credential = this.#credentialOf(this.username);
    const salt = credential?.salt ?? decoySalt(this.username);
    const nonce = clientNonce! + this.#nonce;
    const iterations = credential?.iterations ?? SCRAM_ITERATIONS;
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
    const binding = Buffer.from(header!).toString('base64');
    this.#offer = { clientFirstBare: bare!, serverFirst, nonce, binding, credential };
    return Buffer.from(serverFirst);
  }

  finish(message: Buffer): ScramResult {
    const offer = this.#offer;
    const match = /^(c=([^,]+),r=([^,]+)(?:,.*)?),p=([A-Za-z0-9+/=]+)$/s.exec(textOf(message));
    if (offer === null || match === null) throw refused('the last SCRAM message is not understood');
    const [, withoutProof, binding, nonce, proofText] = match;
    if (nonce !== offer.nonce || binding !== offer.binding) {
      throw refused('the last SCRAM message does not belong to the first');
    }
    const authMessage = `${offer.clientFirstBare},${offer.serverFirst},${withoutProof}`;
    const storedKey = offer.credential?.storedKey ?? DECOY_SECRET;
    const signature = hmac(storedKey, authMessage);
    const proof = Buffer.from(proofText!, 'base64');
    if (proof.length !== KEY_BYTES) throw refused('the SCRAM proof is wrong');
    const clientKey = Buffer.from(proof.map((byte, index) => byte ^ signature[index]!));
    const right = timingSafeEqual(createHash('sha256').update(clientKey).digest(), storedKey);
    if (!right || offer.credential === null) throw refused('the SCRAM proof is wrong');
    const verifier = hmac(offer.credential.serverKey, authMessage).toString('base64');
    return { principal: offer.credential.principal, serverFinal: Buffer.from(`v=${verifier}`) };
  }
}

function textOf(message: Buffer): string {
  if (!isStrictUtf8(message)) throw refused('a SCRAM message is not UTF-8');
  return message.toString('utf8');
}

/** RFC 5802, 5.1: commas and equals signs are escaped in names. */
function decodeName(name: string): string {
  if (/=(?!2C|3D)/.test(name)) throw refused('the name is not encoded as SCRAM wants it');
  return name.replaceAll('=2C', ',').replaceAll('=3D', '=');
}

function decoySalt(name: string): Buffer {
  return hmac(DECOY_SECRET, name).subarray(0, SALT_BYTES);
}

function hmac(key: Buffer, text: string): Buffer {
  return createHmac('sha256', key).update(text).digest();
}

function refused(message: string): BrokerError {
  return new BrokerError('not-authenticated', message);
}
