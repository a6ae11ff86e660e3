import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// The command as it is installed: it runs the build, which `npm test` has just made.
const COMMAND = fileURLToPath(new URL('../../packages/cli/bin/causeway.js', import.meta.url));

const LISTENERS = ['mqtt', 'stomp', 'amqp', 'ws'];

interface Ended {
  readonly code: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

function launch(...args: string[]): { child: ChildProcess; ended: Promise<Ended> } {
  const child = spawn(process.execPath, [COMMAND, ...args], { stdio: 'pipe' });
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (chunk) => {
    stdout += chunk;
  });
  child.stderr.on('data', (chunk) => {
    stderr += chunk;
  });
  const ended = new Promise<Ended>((resolve) => {
    child.on('close', (code) => resolve({ code, stdout, stderr }));
  });
  return { child, ended };
}

async function execute(args: readonly string[], input = ''): Promise<Ended> {
  const { child, ended } = launch(...args);
  child.stdin!.end(input);
  return ended;
}

/** Starts a broker on free ports and waits for its ready line. */
async function launchBroker(data: string, ...more: string[]) {
  const sets = [
    `listeners=[${LISTENERS.map((protocol) => `{ protocol: ${protocol}, port: 0 }`).join(', ')}]`,
    'admin.port=0',
    ...more,
  ];
  const broker = launch('start', '--data', data, ...sets.flatMap((set) => ['--set', set]));
  const ready = await new Promise<string>((resolve, reject) => {
    let text = '';
    broker.child.stdout!.on('data', (chunk) => {
      text += chunk;
      if (text.includes('\n')) resolve(text);
    });
    void broker.ended.then(({ stderr }) => reject(new Error(stderr)));
  });
  const addresses = new Map(
    ready
      .trim()
      .split(' ')
      .slice(1)
      .map((pair) => pair.split('=') as [string, string]),
  );
  return { ...broker, ready, addresses };
}

describe('the causeway command', () => {
  let folder: string;
  let broker: Awaited<ReturnType<typeof launchBroker>>;
  let url: (scheme: 'mqtt' | 'stomp' | 'amqp' | 'ws' | 'amqp+ws') => string;

  beforeAll(async () => {
    folder = mkdtempSync(join(tmpdir(), 'causeway-cli-'));
    broker = await launchBroker(join(folder, 'data'));
    url = (scheme) => {
      const listener = scheme === 'amqp+ws' ? 'ws' : scheme;
      return `${scheme}://admin:admin@${broker.addresses.get(listener)}`;
    };
  });

  afterAll(async () => {
    broker.child.kill('SIGKILL');
    await broker.ended;
    rmSync(folder, { recursive: true });
  });

  test('prints one ready line with every address', () => {
    const port = '127\\.0\\.0\\.1:\\d+';
    expect(broker.ready).toMatch(
      new RegExp(
        `^ready mqtt=${port} stomp=${port} amqp=${port} ws=${port} admin=http://${port}\\n$`,
      ),
    );
  });

  test('sends and receives over each protocol', async () => {
    const sent = await execute(['send', url('mqtt'), 'queue://mixed.up', 'from mqtt', '--json']);
    expect(sent).toMatchObject({ code: 0, stderr: '' });
    expect(JSON.parse(sent.stdout)).toMatchObject({ sent: 1 });
    expect(
      await execute(['send', url('stomp'), 'queue://mixed.up'], 'line 1\nline 2\n'),
    ).toMatchObject({
      code: 0,
      stdout: '',
    });
    const first = await execute(['receive', url('stomp'), 'queue://mixed.up', '-n', '2']);
    expect(first).toEqual({ code: 0, stdout: 'from mqtt\nline 1\n', stderr: '' });
    const rest = await execute(['receive', url('ws'), 'queue://mixed.up', '-n', '1', '--json']);
    expect(JSON.parse(rest.stdout)).toMatchObject({ body: 'line 2' });
  });

  test.each(['amqp', 'amqp+ws'] as const)('sends and receives over %s', async (scheme) => {
    const queue = `queue://over.${scheme}`;
    const headers = ['-H', 'colour=red', '-t', 'text/plain', '--correlation-id', 'c1'];
    expect(await execute(['send', url('stomp'), queue, 'from stomp', ...headers])).toMatchObject({
      code: 0,
    });
    const sent = await execute(['send', url(scheme), queue, 'from amqp', '--json', ...headers]);
    expect(JSON.parse(sent.stdout)).toMatchObject({ sent: 1, destination: queue });
    const received = await execute(['receive', url(scheme), queue, '-n', '2', '--json']);
    expect(received).toMatchObject({ code: 0, stderr: '' });
    const messages = received.stdout.trim().split('\n');
    for (const [index, body] of ['from stomp', 'from amqp'].entries()) {
      expect(JSON.parse(messages[index]!)).toMatchObject({
        ...{ destination: queue, body, contentType: 'text/plain', redelivered: false },
        headers: { colour: 'red', 'correlation-id': 'c1' },
      });
    }
  });

  test('carries headers, and files as they are', async () => {
    const file = join(folder, 'bytes');
    writeFileSync(file, Buffer.from([0, 255, 10]));
    const args = ['-f', file, '-t', 'application/octet-stream', '-H', 'color=blue', '-n', '2'];
    expect((await execute(['send', url('stomp'), 'queue://files', ...args])).code).toBe(0);
    const { stdout } = await execute([
      'receive',
      url('mqtt'),
      'queue://files',
      '-n',
      '2',
      '--json',
    ]);
    const messages = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    expect(messages).toHaveLength(2);
    expect(messages[1]).toMatchObject({
      bodyBase64: 'AP8K',
      contentType: 'application/octet-stream',
      headers: { color: 'blue' },
    });
  });

  test.each([
    ['mqtt', 'stomp'],
    ['stomp', 'mqtt'],
    ['amqp', 'mqtt'],
  ] as const)('keeps what comes for a durable subscriber over %s', async (scheme, other) => {
    const topic = `topic://news.${scheme}`;
    const receive = ['receive', url(scheme), topic, '--durable', `archive-${scheme}`];
    await execute([...receive, '-w', '0.2']);
    await execute(['send', url(other), topic, 'one', 'two']);
    expect((await execute([...receive, '-n', '1'])).stdout).toBe('one\n');
    expect((await execute([...receive, '-n', '1'])).stdout).toBe('two\n');
  });

  test('fails when what it waits for does not come', async () => {
    const ended = await execute(['receive', url('stomp'), 'queue://empty', '-n', '1', '-w', '0.2']);
    expect(ended).toEqual({
      code: 1,
      stdout: '',
      stderr: 'causeway: 0 of 1 messages came in time\n',
    });
  });

  test.each(['mqtt', 'stomp', 'amqp', 'amqp+ws'] as const)(
    'is refused with a wrong password over %s',
    async (scheme) => {
      const wrong = url(scheme).replace(':admin@', ':wrong@');
      const { code, stderr } = await execute(['send', wrong, 'topic://a', 'b']);
      expect(code).toBe(1);
      expect(stderr).toMatch(/^causeway: cannot connect to [\w+]+:\/\/127\.0\.0\.1:\d+: .+\n$/);
      expect(stderr).not.toContain('wrong@');
    },
  );

  test.each([
    ['mqtt', ['--raw', '-q', '0']],
    ['mqtt', ['--raw', '-q', '1', '-k', '2', '-p', '2']],
    ['mqtt', ['--raw', '-q', '2']],
    ['mqtt', ['-q', '1']],
    ['stomp', ['--raw', '-q', '1', '--ack', 'client', '-k', '2']],
    ['stomp', ['--raw', '-q', '0', '--ack', 'auto']],
    ['stomp', ['-q', '1']],
    ['amqp', ['--raw', '-q', '1', '-k', '2', '-p', '2']],
    ['amqp', ['--raw', '-q', '1', '--ack', 'client', '-b', '300000']],
    ['amqp', ['--raw', '-q', '0', '--ack', 'auto']],
    ['amqp', ['-q', '1']],
    ['amqp', ['-q', '0']],
  ] as const)('measures %s %j', async (scheme, args) => {
    const ended = await execute(['bench', url(scheme), '-n', '400', '--json', ...args]);
    expect(ended).toMatchObject({ code: 0, stderr: '' });
    const report = JSON.parse(ended.stdout);
    const copies = scheme === 'mqtt' ? report.consumers : 1;
    expect(report).toMatchObject({ sent: 400, received: 400 * copies, missing: 0 });
    expect(report.latencyMs.p99).toBeGreaterThan(0);
  });

  test('ends a second broker on the same folder with 3', async () => {
    const { code, stderr } = await execute([
      ...[
        'start',
        '--data',
        join(folder, 'data'),
        '--set',
        'listeners=[]',
        '--set',
        'admin.port=0',
      ],
    ]);
    expect(code).toBe(3);
    expect(stderr).toContain('is in use by another process');
  });

  test('hashes a password from the input', async () => {
    const { code, stdout } = await execute(['hash-password'], 'secret\n');
    expect(code).toBe(0);
    expect(stdout).toMatch(/^\$scrypt\$ln=14,r=8,p=1\$[\w+/]+\$[\w+/]+\n$/);
    expect((await execute(['hash-password'], '')).code).toBe(2);
  });

  test('stops in order, with 0, and keeps what was sent', async () => {
    const data = join(folder, 'other');
    const first = await launchBroker(data);
    const stomp = `stomp://admin:admin@${first.addresses.get('stomp')}`;
    await execute(['send', stomp, 'queue://kept', 'still here']);
    first.child.kill('SIGTERM');
    expect((await first.ended).code).toBe(0);
    const second = await launchBroker(data);
    const again = `stomp://admin:admin@${second.addresses.get('stomp')}`;
    const { stdout } = await execute(['receive', again, 'queue://kept', '-n', '1']);
    expect(stdout).toBe('still here\n');
    second.child.kill('SIGINT');
    expect((await second.ended).code).toBe(0);
  });
});
