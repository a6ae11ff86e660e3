import { createHash, createHmac, randomBytes, timingSafeEqual } from 'node:crypto';
import {
  type Authenticator,
  BrokerError,
  type Principal,
  type Random,
  type ScramCredential,
} from '@causeway/core';
import { isStrictUtf8 } from '@causeway/wire';

/** The authentication method of MQTT 5 that this broker knows [MQTT 5 4.12]. */
export const SCRAM_METHOD = 'SCRAM-SHA-256';

const NONCE_BYTES = 18;
const SALT_BYTES = 16;
const KEY_BYTES = 32;
/** What RFC 7677, 4 asks for at least, and what users have unless configured otherwise. */
const ITERATIONS = 4096;
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

export interface ScramResult {
  readonly principal: Principal;
  readonly serverFinal: Buffer;
}

/**
 * The server's side of SCRAM-SHA-256 (RFC 5802, RFC 7677) without channel binding. A user who does
 * not exist gets as far as one with a wrong password.
 */
export class ScramExchange {
  readonly #authenticator: Authenticator;
  readonly #random: Random;
  readonly #remoteAddress: string;
  #offer: Offer | null = null;
  /** The name that the client gave, for the log. */
  username = '';

  constructor(authenticator: Authenticator, random: Random, remoteAddress: string) {
    this.#authenticator = authenticator;
    this.#random = random;
    this.#remoteAddress = remoteAddress;
  }

  /** Whether the client's first message was answered. */
  get started(): boolean {
    return this.#offer !== null;
  }

  /**
   * Answers client-first-message with server-first-message.
   * @throws BrokerError `not-authenticated`
   */
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
    const credential = this.#authenticator.scram(this.username, this.#remoteAddress);
    const salt = credential?.salt ?? decoySalt(this.username);
    const nonce = clientNonce! + this.#random.hex(NONCE_BYTES);
    const iterations = credential?.iterations ?? ITERATIONS;
    const serverFirst = `r=${nonce},s=${salt.toString('base64')},i=${iterations}`;
    const binding = Buffer.from(header!).toString('base64');
    this.#offer = { clientFirstBare: bare!, serverFirst, nonce, binding, credential };
    return Buffer.from(serverFirst);
  }

  /**
   * Checks client-final-message.
   * @throws BrokerError `not-authenticated`
   */
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
