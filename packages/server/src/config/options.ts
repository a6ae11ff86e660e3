import { LIMITS, type LimitDefinition, type LimitName } from '@causeway/core';
import { FAILOVER, MULTI_AZ } from './failover-options.js';
import {
  choice,
  flag,
  integer,
  list,
  names,
  optionalFlag,
  optionalInteger,
  optionalSection,
  optionalText,
  quantity,
  requiredText,
  section,
  text,
  type ValueOf,
  type ValueOption,
} from './option.js';

const PORT = { max: 65_535 };

const TLS_FIELDS = {
  cert: requiredText('File with the certificate and its chain, in PEM form.'),
  key: requiredText('File with the private key, in PEM form.'),
  ca: optionalText('File with the authorities whose client certificates are trusted, in PEM form.'),
  clientAuth: choice(
    ['none', 'request', 'require'],
    'Whether clients are asked for a certificate. Its subject names the user.',
    'none',
  ),
};

/**
 * Every option of the broker, once: the schema, `--set`, the environment variables and
 * docs/configuration.md all come from here.
 */
export const OPTIONS = section('The configuration of a broker.', {
  node: section('The broker itself.', {
    name: text('Name of this broker, in logs and metrics.', 'causeway'),
    data: text('Folder of the store; relative to where the broker is started.', './data'),
  }),
  listeners: list(
    'Where clients connect.',
    {
      protocol: choice(
        ['mqtt', 'stomp', 'amqp', 'ws', 'any'],
        'What is spoken: one protocol, `ws` for WebSocket, or `any`, which recognises each from its first bytes, TLS included.',
      ),
      host: text('Address to bind.', '127.0.0.1'),
      port: integer('Port to bind; 0 for a free one.', undefined, PORT),
      tls: optionalSection('Serve TLS.', TLS_FIELDS),
      proxyProtocol: flag(
        'Expect a PROXY protocol header (version 1 or 2) before everything else, and believe it.',
        false,
      ),
    },
    [
      { protocol: 'mqtt', host: '127.0.0.1', port: 1883 },
      { protocol: 'amqp', host: '127.0.0.1', port: 5672 },
      { protocol: 'stomp', host: '127.0.0.1', port: 61_613 },
      { protocol: 'ws', host: '127.0.0.1', port: 61_614 },
    ],
  ),
  admin: section('Health and metrics over HTTP: `/healthz`, `/readyz`, `/metrics`.', {
    host: text('Address to bind.', '127.0.0.1'),
    port: integer('Port to bind; 0 for a free one.', 8161, PORT),
    tls: optionalSection('Serve HTTPS.', { cert: TLS_FIELDS.cert, key: TLS_FIELDS.key }),
  }),
  users: list(
    'Who may log in. A user with neither password nor hash logs in with a client certificate only.',
    {
      name: requiredText('Name of the user.'),
      password: optionalText('Password in plain text; better is `passwordHash`.', { secret: true }),
      passwordHash: optionalText('What `causeway hash-password` prints.', { secret: true }),
      scram: optionalText(
        'SCRAM-SHA-256 keys, from `causeway hash-password --scram`; derived from `password` when that is given.',
        { secret: true },
      ),
      certificate: optionalText(
        'Common name or distinguished name of the client certificate; by default the name.',
      ),
      groups: names('Groups of the user.'),
    },
    [{ name: 'admin', password: 'admin', groups: ['admins'] }],
  ),
  authorization: list(
    'Who may do what where. The most specific destination decides alone; a destination that none matches is closed. Without any entry everything is open to whoever has logged in. A subscription with wildcards needs every entry that decides over something it would receive. The group `*` stands for everybody, `anonymous` for connections without credentials.',
    {
      destination: requiredText(
        '`queue://name` or `topic://name`; `*` stands for one level, `>` at the end for the rest.',
      ),
      read: names('Groups that may receive from it.'),
      write: names('Groups that may send to it.'),
      admin: names('Groups that may create and delete it.'),
    },
  ),
  anonymous: flag('Let clients in that bring no credentials.', false),
  limits: section('Upper bounds, by name.', limitFields()),
  policies: list(
    'Settings of destinations. The most specific destination that sets a value wins.',
    {
      destination: requiredText('As in `authorization`.'),
      maxDeliveries: optionalInteger(
        'Deliveries that may fail before a message becomes a dead letter; 0 for no limit. 6 unless set.',
      ),
      deadLetter: optionalText(
        'Queue that takes dead letters; empty discards them. `DLQ` unless set.',
      ),
      autoCreate: optionalFlag(
        'Whether sending or subscribing creates a queue that does not exist. `true` unless set.',
      ),
      strict: optionalFlag(
        'Refuse messages that lose something when other protocols read them. `false` unless set.',
      ),
    },
  ),
  failover: FAILOVER,
  multiAz: MULTI_AZ,
  log: section('Log lines, on the standard error output.', {
    level: choice(
      ['debug', 'info', 'warn', 'error'],
      'The least important level to write.',
      'info',
    ),
    format: choice(
      ['auto', 'json', 'pretty'],
      '`json`, one object a line; `pretty`, for people; `auto`, pretty on a terminal.',
      'auto',
    ),
  }),
});

/** A configuration that has passed all checks, with every default filled in. */
export type Config = ValueOf<typeof OPTIONS>;

function limitFields(): Readonly<Record<LimitName, ValueOption<number>>> {
  const fields = Object.entries(LIMITS).map(([name, limit]) => [name, limitOption(name, limit)]);
  return Object.fromEntries(fields) as Record<LimitName, ValueOption<number>>;
}

function limitOption(name: string, limit: LimitDefinition): ValueOption<number> {
  if (limit.unit === 'bytes' || limit.unit === 'ms') {
    return quantity(limit.unit, limit.describe, limit.default);
  }
  return quantity(name.endsWith('Factor') ? 'number' : 'integer', limit.describe, limit.default);
}
