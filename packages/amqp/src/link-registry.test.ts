import { describe, expect, test } from 'vitest';
import { LinkRegistry } from './link-registry.js';
import type { Link } from './session.js';
import { type LinkEvent, SuspendedLink } from './suspended-link.js';
import { FakeClient } from './testing/fake-client.js';

type Registered = Link & { readonly log: string[] };

/** What the registry knows of a link: it is told what becomes of it. */
function linkOf(
  client: FakeClient,
  name = 'link',
  role: Link['role'] = 'receiving',
  policy = 'never',
) {
  const log: string[] = [];
  const link = {
    log,
    name,
    role,
    terminus: { expiryPolicy: policy, timeout: policy === 'timeout' ? 10 : 0 },
    resumable: new Map(),
    accepting: { length: 0 },
    holdsSecond: true,
    suspended: null,
    session: {
      client: client.real,
      over: false,
      incoming: { take: () => log.push('collected') },
      surrender: (surrendered: Link) => {
        log.push('surrendered');
        return new SuspendedLink(surrendered);
      },
    },
  };
  return link as unknown as Registered;
}

/** Whether a suspended link has been dropped: what it held is collected, and forgotten. */
function suspend(client: FakeClient, link: Registered, event: LinkEvent = 'link-detach') {
  const suspended = new SuspendedLink(link);
  (link as { suspended: SuspendedLink | null }).suspended = suspended;
  client.registry.suspend(client.real, suspended, event);
  return suspended;
}

const isKept = (link: Registered): boolean => link.suspended !== null;
const find = (client: FakeClient, role: Link['role'] = 'receiving', name = 'link') =>
  client.registry.resume(client.real, role, name);

describe('attached links', () => {
  test('2.6.1 who attaches one again gets it', () => {
    const client = new FakeClient();
    const link = linkOf(client);
    client.registry.add(client.real, link);
    expect(find(client)?.link).toBe(link);
    expect(link.log).toEqual(['surrendered']);
  });

  test('2.6.1 names, directions, containers and users keep them apart', () => {
    const registry = new LinkRegistry();
    const client = new FakeClient({ registry });
    client.registry.add(client.real, linkOf(client));
    expect(find(client, 'receiving', 'other')).toBeNull();
    expect(find(client, 'sending')).toBeNull();
    expect(find(new FakeClient({ registry, containerId: 'other' }))).toBeNull();
    expect(find(new FakeClient({ registry, user: 'other' }))).toBeNull();
    expect(find(new FakeClient({ registry }))).not.toBeNull();
  });

  test('names that could be mistaken for one another are not', () => {
    const registry = new LinkRegistry();
    const client = new FakeClient({ registry, user: 'a', containerId: 'b","c' });
    client.registry.add(client.real, linkOf(client));
    expect(find(new FakeClient({ registry, user: 'a","b', containerId: 'c' }))).toBeNull();
  });

  test('a link that is removed is not found; another of its name stays', () => {
    const client = new FakeClient();
    const [former, link] = [linkOf(client), linkOf(client)];
    client.registry.add(client.real, former);
    client.registry.add(client.real, link);
    client.registry.remove(client.real, former);
    expect(find(client)?.link).toBe(link);
    client.registry.remove(client.real, link);
    expect(find(client)).toBeNull();
  });
});

describe('suspended links', () => {
  test('2.6.4 one is resumed once', () => {
    const client = new FakeClient();
    const link = linkOf(client);
    const suspended = suspend(client, link);
    expect(find(client)).toBe(suspended);
    expect([isKept(link), client.timers]).toEqual([false, 0]);
    expect(find(client)).toBeNull();
  });

  test('one that is not resumed in time is dropped', () => {
    const client = new FakeClient({ limits: { linkResumeMsMax: 5000 } });
    const link = linkOf(client);
    suspend(client, link);
    client.advance(4999);
    expect(isKept(link)).toBe(true);
    client.advance(1);
    expect(isKept(link)).toBe(false);
    expect(find(client)).toBeNull();
  });

  test('the one before of the same name is dropped', () => {
    const client = new FakeClient();
    const [former, link] = [linkOf(client), linkOf(client)];
    suspend(client, former);
    suspend(client, link);
    expect([isKept(former), isKept(link)]).toEqual([false, true]);
  });

  test('there are no more of them than linksSuspendedMax', () => {
    const client = new FakeClient({ limits: { linksSuspendedMax: 2 } });
    const links = ['a', 'b', 'c'].map((name) => linkOf(client, name));
    for (const link of links) suspend(client, link);
    expect(links.map(isKept)).toEqual([true, true, false]);
  });

  test.each([
    ['link-detach', [false, false, false]],
    ['session-end', [true, false, false]],
    ['connection-close', [true, true, false]],
    ['never', [true, true, true]],
    ['unknown', [false, false, false]],
  ] as const)('3.5.6 the expiry policy %s', (policy, kept) => {
    const events = ['link-detach', 'session-end', 'connection-close'] as const;
    const client = new FakeClient();
    const outlasts = events.map((event) => {
      const link = linkOf(client, event, 'receiving', policy);
      suspend(client, link, event);
      return isKept(link);
    });
    expect(outlasts).toEqual(kept);
  });

  test('3.5.3 the timeout begins with what the policy names', () => {
    const client = new FakeClient();
    const link = linkOf(client, 'link', 'receiving', 'timeout');
    suspend(client, link);
    client.advance(9999);
    expect(isKept(link)).toBe(true);
    client.advance(1);
    expect(isKept(link)).toBe(false);
  });

  test('the end of the session or connection is the next event for its links alone', () => {
    const registry = new LinkRegistry();
    const client = new FakeClient({ registry });
    const other = new FakeClient({ registry, containerId: 'other' });
    const links = [
      linkOf(client, 'a', 'receiving', 'session-end'),
      linkOf(client, 'b', 'receiving', 'connection-close'),
      linkOf(other, 'a', 'receiving', 'session-end'),
    ];
    for (const link of links) suspend(link === links[2] ? other : client, link);
    registry.passed(client.real, 'session-end');
    expect(links.map(isKept)).toEqual([true, true, true]);
    for (const link of links) (link.session as { over: boolean }).over = true;
    registry.passed(client.real, 'session-end');
    expect(links.map(isKept)).toEqual([false, true, true]);
    registry.passed(client.real, 'connection-close');
    expect(links.map(isKept)).toEqual([false, false, true]);
  });
});
