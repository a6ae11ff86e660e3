import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { hashPassword } from '@causeway/auth';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { type ConfigSources, loadConfig } from './config.js';
import { ConfigError } from './config-problem.js';

async function load(source: string, more: ConfigSources = {}) {
  return (await loadConfig({ file: 'a.yaml', source, ...more })).config;
}

async function problemsOf(source: string, more: ConfigSources = {}): Promise<readonly string[]> {
  try {
    await loadConfig({ file: 'a.yaml', source, ...more });
  } catch (error) {
    expect(error).toBeInstanceOf(ConfigError);
    return (error as ConfigError).problems;
  }
  return [];
}

describe('a configuration', () => {
  test('without a file is the stock one', async () => {
    const { config, warnings } = await loadConfig({});
    expect(config.node).toEqual({ name: 'causeway', data: './data' });
    expect(config.listeners.map(({ protocol, host, port }) => [protocol, host, port])).toEqual([
      ['mqtt', '127.0.0.1', 1883],
      ['amqp', '127.0.0.1', 5672],
      ['stomp', '127.0.0.1', 61_613],
      ['ws', '127.0.0.1', 61_614],
    ]);
    expect(config.users).toMatchObject([{ name: 'admin', groups: ['admins'] }]);
    expect(warnings).toEqual([]);
  });

  test('may leave out what it likes, and leave keys empty', async () => {
    const config = await load('limits:\nlisteners:\nusers: [{ name: a, password: b }]\n');
    expect(config.limits.connectionsMax).toBe(20_000);
    expect(config.listeners).toEqual([]);
    expect(config.admin).toEqual({ host: '127.0.0.1', port: 8161 });
    expect(config.users[0]?.groups).toEqual([]);
    expect((await load('')).listeners).toHaveLength(4);
  });

  test('has limits with units', async () => {
    const config = await load(
      'limits: { frameBytesMax: 1MiB, handshakeTimeoutMs: 2s, heartBeatGraceFactor: 1.5 }',
    );
    expect(config.limits.frameBytesMax).toBe(1024 * 1024);
    expect(config.limits.handshakeTimeoutMs).toBe(2000);
    expect(config.limits.heartBeatGraceFactor).toBe(1.5);
  });
});

describe('precedence', () => {
  const source =
    'admin: { port: 1 }\nnode: { name: file, data: file }\nlisteners: [{ protocol: mqtt, port: 2 }]';

  test('is file, then environment, then --set', async () => {
    const environment = { CAUSEWAY_ADMIN_PORT: '11', CAUSEWAY_NODE_NAME: 'environment' };
    const config = await load(source, { environment, sets: ['admin.port=12'] });
    expect(config.admin.port).toBe(12);
    expect(config.node).toEqual({ name: 'environment', data: 'file' });
  });

  test('reaches into lists, and appends to them', async () => {
    const config = await load(source, {
      environment: { CAUSEWAY_LISTENERS_0_PORT: '22' },
      sets: ['listeners[1].protocol=stomp', 'listeners.1.port=0', 'users[0].password=12345'],
    });
    expect(config.listeners.map(({ protocol, port }) => [protocol, port])).toEqual([
      ['mqtt', 22],
      ['stomp', 0],
    ]);
    expect(config.users[0]).toMatchObject({ name: 'admin', password: '12345' });
  });

  test('replaces whole lists and maps', async () => {
    const config = await load(source, {
      environment: { CAUSEWAY_USERS: '[{ name: a, password: b, groups: [c] }]' },
      sets: [
        'limits={ connectionsMax: 5 }',
        'anonymous=true',
        'listeners=[]',
        'users[0].groups=[d, e]',
      ],
    });
    expect(config.users).toMatchObject([{ name: 'a', groups: ['d', 'e'] }]);
    expect(config.limits.connectionsMax).toBe(5);
    expect(config.anonymous).toBe(true);
    expect(config.listeners).toEqual([]);
  });
});

describe('a problem', () => {
  test.each<[string, string, string[]]>([
    [
      'unknown keys, each at its place',
      'node:\n  nmae: x\nlistners: []\n',
      [
        'a.yaml:2:3: node.nmae: there is no such key (did you mean name?)',
        'a.yaml:3:1: listners: there is no such key (did you mean listeners?)',
      ],
    ],
    [
      'an unknown limit',
      'limits:\n  frameBytesMaximum: 1\n',
      ['a.yaml:2:3: limits.frameBytesMaximum: there is no such key (did you mean frameBytesMax?)'],
    ],
    [
      'another protocol',
      'listeners:\n  - { protocol: mqt, port: 1 }\n',
      [
        'a.yaml:2:7: listeners[0].protocol: must be one of mqtt, stomp, amqp, ws, any (did you mean mqtt?)',
      ],
    ],
    [
      'what is missing',
      'listeners:\n  - protocol: mqtt\n',
      ['a.yaml:2:5: listeners[0].port: is missing'],
    ],
    [
      'a wrong range',
      'admin: { port: 70000 }',
      ['a.yaml:1:10: admin.port: must be a whole number from 0 to 65535'],
    ],
    ['a wrong type', 'anonymous: yes please', ['a.yaml:1:1: anonymous: must be true or false']],
    ['a map that is not one', 'admin: 8161', ['a.yaml:1:1: admin: must be a map of keys']],
    ['a list that is not one', 'users: admin', ['a.yaml:1:1: users: must be a list']],
    ['a document that is a list', '- a', ['a.yaml:1:1: must be a map of keys']],
    [
      'a number for a name',
      'node: { name: 7 }',
      ['a.yaml:1:9: node.name: must be text: put it in quotes'],
    ],
    [
      'a wrong quantity',
      'limits: { frameBytesMax: big }',
      ['a.yaml:1:11: limits.frameBytesMax: must be a number of bytes, such as 16777216 or 16MiB'],
    ],
  ])('names %s', async (_name, source, expected) => {
    expect(await problemsOf(source)).toEqual(expected);
  });

  test('in the syntax has its line too', async () => {
    expect((await problemsOf('node: { name: x\nadmin: }')).join()).toMatch(/^a\.yaml:\d+:\d+: /);
    expect((await problemsOf('anonymous: true\nanonymous: false')).join()).toMatch(
      /^a\.yaml:2:1: .*unique/,
    );
  });

  test('in an override names where it came from', async () => {
    expect(
      await problemsOf('admin: { port: 1 }', {
        environment: { CAUSEWAY_ADMIN_PORT: 'x', CAUSEWAY_LISTENERS: '[{ protocol: mqtt }]' },
        sets: ['admin.prot=1', 'listeners[7].port=1', 'anonymous', 'limits.queuesMax=[', 'node=x'],
      }),
    ).toEqual([
      '--set admin.prot: there is no such key (did you mean admin.port?)',
      '--set anonymous: needs a value: key=value',
      '--set limits.queuesMax: the value is not YAML',
      '--set listeners[7].port: the list has no such place',
      '--set node: node: must be a map of keys',
      'CAUSEWAY_LISTENERS: listeners[0].port: is missing',
      'CAUSEWAY_ADMIN_PORT: admin.port: must be a whole number from 0 to 65535',
    ]);
  });

  test('with a file that is not there', async () => {
    await expect(loadConfig({ file: 'no/such/file.yaml' })).rejects.toThrow(
      /^no\/such\/file\.yaml: cannot be read: ENOENT/,
    );
  });

  test('never repeats a secret', async () => {
    const hash = '$scrypt$ln=14,r=8,p=1$AAECAwQFBgcICQoLDA0ODw$c2VjcmV0';
    const source = `users:\n  - { name: a, password: [secret-1] }\n  - { name: b, passwordHash: "${hash}" }\n`;
    const problems = (await problemsOf(source)).join('\n');
    expect(problems).not.toMatch(/secret-1|c2VjcmV0/);
  });
});

describe('a rule', () => {
  test('keeps the stock password from being reached from elsewhere', async () => {
    const listeners = 'listeners: [{ protocol: mqtt, host: 0.0.0.0, port: 1 }]';
    const stock = 'users: [{ name: admin, password: admin }]';
    const expected = [
      'a.yaml:1:31: listeners[0].host: 0.0.0.0 can be reached from elsewhere while the user admin has the password admin (change users[0], or bind 127.0.0.1)',
    ];
    expect(await problemsOf(`${listeners}\n${stock}`)).toEqual(expected);
    expect(await problemsOf(listeners)).toEqual(expected);
    const hash = await hashPassword('admin', { logN: 4, blockSize: 8, parallelism: 1 });
    expect(
      await problemsOf(`${listeners}\nusers: [{ name: admin, passwordHash: "${hash}" }]`),
    ).toEqual(expected);
    expect(await problemsOf(`admin: { host: "::" }\n${stock}`)).toHaveLength(1);
    expect(await problemsOf(`${listeners}\nusers: [{ name: admin, password: other }]`)).toEqual([]);
  });

  test('keeps ports apart', async () => {
    const source = (host: string, port: number) =>
      `users: []\nlisteners:\n  - { protocol: mqtt, host: 127.0.0.1, port: ${port} }\n  - { protocol: stomp, host: ${host}, port: ${port} }\n`;
    expect(await problemsOf(source('0.0.0.0', 1883))).toEqual([
      'a.yaml:4:39: listeners[1].port: 1883 is bound by listeners[0] already',
    ]);
    expect(await problemsOf(source('127.0.0.1', 8161))).toEqual([
      'a.yaml:4:41: listeners[1].port: 8161 is bound by listeners[0] already',
      expect.stringMatching(/admin.port: 8161 is bound by listeners\[0\] already$/),
    ]);
    expect(await problemsOf(source('127.0.0.1', 0))).toEqual([]);
    expect(await problemsOf(source('127.0.0.2', 1883))).toEqual([]);
  });

  test('keeps users apart and whole', async () => {
    const source = `users:
  - { name: a, password: x, passwordHash: y }
  - { name: a }
  - { name: anonymous }
  - { name: b, password: "" }
  - { name: c, password: x, scram: y }
  - { name: d, certificate: a }
`;
    expect(await problemsOf(source)).toEqual([
      'a.yaml:2:29: users[0].passwordHash: the user has a password as well (leave one of them out)',
      'a.yaml:2:29: users[0].passwordHash: a password hash looks like $scrypt$ln=14,r=8,p=1$salt$hash (run causeway hash-password)',
      'a.yaml:3:7: users[1].name: a occurs twice',
      'a.yaml:4:7: users[2].name: anonymous is how clients without credentials are called',
      'a.yaml:5:16: users[3].password: cannot be empty',
      'a.yaml:6:29: users[4].scram: is derived from the password (leave it out, or use passwordHash)',
      'a.yaml:6:29: users[4].scram: SCRAM keys look like SCRAM-SHA-256$4096:salt$storedKey:serverKey',
      'a.yaml:7:16: users[5].certificate: another user has the certificate a already',
    ]);
  });

  test('checks destinations', async () => {
    const source =
      'authorization: [{ destination: orders }, { destination: "queue://a" }, { destination: "queue://a" }]\npolicies: [{ destination: "queue://>.a" }]';
    expect(await problemsOf(source)).toEqual([
      'a.yaml:1:19: authorization[0].destination: a destination begins with queue:// or topic://, such as queue://orders.>',
      'a.yaml:1:74: authorization[2].destination: queue://a occurs twice',
      'a.yaml:2:14: policies[0].destination: ">" must be the last level of a destination',
    ]);
  });

  test('warns of groups that nobody is in, of no users, and of misspelled variables', async () => {
    const source =
      'users: [{ name: a, groups: [clerks] }]\nauthorization: [{ destination: "queue://a", read: [clerk, "*", anonymous] }]';
    const environment = {
      CAUSEWAY_ADMIN_PROT: '1',
      CAUSEWAY_SERVICE_HOST: 'x',
      CAUSEWAY_PASSWORD: 'y',
    };
    const { warnings } = await loadConfig({ file: 'a.yaml', source, environment });
    expect(warnings).toEqual([
      'a.yaml:2:52: authorization[0].read[0]: no user is in the group clerk (did you mean clerks?)',
      'CAUSEWAY_ADMIN_PROT: no such variable (did you mean CAUSEWAY_ADMIN_PORT?)',
    ]);
    expect((await loadConfig({ file: 'a.yaml', source: 'users: []' })).warnings).toEqual([
      'a.yaml:1:1: users: nobody can log in: there is no user',
    ]);
  });
});

describe('TLS files', () => {
  let folder: string;
  beforeAll(() => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-config-'));
    writeFileSync(join(folder, 'empty.pem'), 'nothing');
  });
  afterAll(() => rmSync(folder, { recursive: true }));

  test('must be there and hold what they should', async () => {
    const tls = (cert: string, rest = '') =>
      `listeners: [{ protocol: mqtt, port: 1, tls: { cert: "${cert}", key: "${folder}/empty.pem"${rest} } }]`;
    expect(await problemsOf(tls('missing.pem'))).toEqual([
      expect.stringMatching(/^a\.yaml:1:47: listeners\[0\]\.tls\.cert: cannot be read: ENOENT/),
    ]);
    expect(await problemsOf(tls(`${folder}/empty.pem`, ', clientAuth: require'))).toEqual([
      expect.stringMatching(/tls\.ca: is missing: client certificates need an authority/),
      expect.stringMatching(/tls\.cert: holds no certificate in PEM form$/),
      expect.stringMatching(/tls\.key: holds no private key in PEM form/),
    ]);
  });
});
