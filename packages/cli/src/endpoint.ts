import { readFileSync } from 'node:fs';
import { isIP } from 'node:net';
import { usageError } from './exit-code.js';

/** What `send`, `receive` and `bench` speak. */
export type ClientProtocol = 'mqtt' | 'stomp' | 'amqp';

/** Where a broker is, and how to log in there. */
export interface Endpoint {
  readonly protocol: ClientProtocol;
  readonly transport: 'tcp' | 'websocket';
  readonly secure: boolean;
  readonly host: string;
  readonly port: number;
  /** For WebSocket. */
  readonly path: string;
  readonly user: string | null;
  readonly password: string | null;
  readonly tls: TlsFiles;
}

/** Contents of the files that were named on the command line. */
export interface TlsFiles {
  readonly ca?: Buffer;
  readonly cert?: Buffer;
  readonly key?: Buffer;
  readonly rejectUnauthorized: boolean;
}

/** What is given beside the URL. */
export interface EndpointOptions {
  readonly user?: string | undefined;
  readonly password?: string | undefined;
  readonly ca?: string | undefined;
  readonly cert?: string | undefined;
  readonly key?: string | undefined;
  readonly insecure?: boolean | undefined;
}

type Scheme = Pick<Endpoint, 'protocol' | 'transport' | 'secure' | 'port'>;

const SCHEMES: ReadonlyMap<string, Scheme> = new Map([
  ['mqtt:', { protocol: 'mqtt', transport: 'tcp', secure: false, port: 1883 }],
  ['mqtts:', { protocol: 'mqtt', transport: 'tcp', secure: true, port: 8883 }],
  ['ws:', { protocol: 'mqtt', transport: 'websocket', secure: false, port: 61_614 }],
  ['wss:', { protocol: 'mqtt', transport: 'websocket', secure: true, port: 61_619 }],
  ['stomp:', { protocol: 'stomp', transport: 'tcp', secure: false, port: 61_613 }],
  ['stomps:', { protocol: 'stomp', transport: 'tcp', secure: true, port: 61_614 }],
  ['amqp:', { protocol: 'amqp', transport: 'tcp', secure: false, port: 5672 }],
  ['amqps:', { protocol: 'amqp', transport: 'tcp', secure: true, port: 5671 }],
  ['amqp+ws:', { protocol: 'amqp', transport: 'websocket', secure: false, port: 61_614 }],
  ['amqp+wss:', { protocol: 'amqp', transport: 'websocket', secure: true, port: 61_619 }],
  // As Amazon MQ writes its endpoints.
  ['amqp+ssl:', { protocol: 'amqp', transport: 'tcp', secure: true, port: 5671 }],
  ['mqtt+ssl:', { protocol: 'mqtt', transport: 'tcp', secure: true, port: 8883 }],
  ['stomp+ssl:', { protocol: 'stomp', transport: 'tcp', secure: true, port: 61_614 }],
]);

/**
 * Reads the URL of a broker. A name and password on the command line win over those in the URL,
 * and the variable CAUSEWAY_PASSWORD stands in when no password is given.
 * @throws CommandError for a URL that is not one of ours
 */
export function parseEndpoint(
  text: string,
  options: EndpointOptions,
  environment: Readonly<Record<string, string | undefined>>,
): Endpoint {
  const url = parseUrl(text);
  const name = url.protocol.slice(FOREIGN.length);
  const scheme = SCHEMES.get(name);
  if (scheme === undefined) {
    const known = [...SCHEMES.keys()].map((each) => `${each}//`).join(', ');
    throw usageError(`${name}// is not known: a URL begins with one of ${known}`);
  }
  const user = options.user ?? decode(url.username);
  const password = options.password ?? decode(url.password) ?? environment.CAUSEWAY_PASSWORD;
  return {
    ...scheme,
    // An IPv6 address stands in brackets in a URL only.
    host: url.hostname.replace(/^\[(.*)\]$/, '$1') || 'localhost',
    port: url.port === '' ? scheme.port : Number(url.port),
    path: `${url.pathname || '/'}${url.search}`,
    user: user ?? null,
    password: user === undefined ? null : (password ?? null),
    tls: readTlsFiles(options),
  };
}

/** How the endpoint is shown: never with its password. */
export function formatEndpoint(endpoint: Endpoint): string {
  const { protocol, transport, secure, host, port } = endpoint;
  const web = protocol === 'mqtt' ? 'ws' : `${protocol}+ws`;
  const scheme = transport === 'websocket' ? web : protocol;
  const shownHost = host.includes(':') ? `[${host}]` : host;
  return `${scheme}${secure ? 's' : ''}://${shownHost}:${port}`;
}

/** The name for SNI; an IP address is none (RFC 6066, 3). */
export function serverName({ host }: Endpoint): { readonly servername?: string } {
  return isIP(host) === 0 ? { servername: host } : {};
}

/** Before a scheme, it keeps the URL parser from dropping a port that it takes for the default. */
const FOREIGN = 'x-';

function parseUrl(text: string): URL {
  try {
    new URL(text);
    return new URL(FOREIGN + text);
  } catch {
    throw usageError(`${JSON.stringify(text)} is not a URL: write it as in mqtt://127.0.0.1:1883`);
  }
}

function decode(part: string): string | undefined {
  if (part === '') return undefined;
  try {
    return decodeURIComponent(part);
  } catch {
    throw usageError('the user name or password in the URL has a wrong %-escape');
  }
}

function readTlsFiles(options: EndpointOptions): TlsFiles {
  const read = (name: 'ca' | 'cert' | 'key') => {
    const file = options[name];
    if (file === undefined) return {};
    try {
      return { [name]: readFileSync(file) };
    } catch (error) {
      throw usageError(`--${name}: ${(error as Error).message}`);
    }
  };
  return {
    ...read('ca'),
    ...read('cert'),
    ...read('key'),
    rejectUnauthorized: options.insecure !== true,
  };
}
