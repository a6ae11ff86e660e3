import type { IPublishPacket } from 'mqtt';
import { CLIENTS, type ClientName, type Step } from './conversation.js';
import { MqttPeer, payloadOf } from './mqtt-client.js';

/** A message as a client received it. */
export interface Heard {
  readonly topic: string;
  readonly payload: string;
  readonly qos: number;
  readonly retain: boolean;
}

/** What every client received because of one step. */
export type StepRecord = Readonly<Record<ClientName, readonly Heard[]>>;

const SENTINEL = 'sentinel';
/** How long a broker that owes messages is waited for. */
const OWED_MS = 1000;

/** Plays one conversation against one broker; the clients are those of the `mqtt` package. */
export class ConversationRun {
  readonly #url: string;
  readonly #online = new Map<ClientName, MqttPeer>();
  readonly #control: MqttPeer;
  #step = 0;

  private constructor(url: string, control: MqttPeer) {
    this.#url = url;
    this.#control = control;
  }

  static async open(url: string): Promise<ConversationRun> {
    const control = await MqttPeer.open(url, { protocolVersion: 4, clientId: 'control' });
    await control.client.subscribeAsync('will/#', { qos: 2 });
    return new ConversationRun(url, control);
  }

  /** @param owed what the other broker sent at this step: as much is waited for, for a while */
  async play(step: Step, owed: StepRecord | null): Promise<StepRecord> {
    await this.#act(step);
    for (const [name, peer] of this.#online) {
      await peer.inbox.expect(owed?.[name].length ?? 0, OWED_MS);
    }
    const sentinel = `${SENTINEL}/${++this.#step}`;
    // At QoS 2, like the slowest message before it.
    await this.#control.client.publishAsync(sentinel, '', { qos: 2 });
    const record: Record<ClientName, Heard[]> = { ann: [], bob: [], cy: [] };
    for (const name of CLIENTS) {
      const peer = this.#online.get(name);
      if (peer === undefined) continue;
      const packets = await peer.inbox.takeUntil(({ topic }) => topic === sentinel);
      record[name].push(...packets.map(toHeard).filter(isNoSentinel));
    }
    return record;
  }

  async close(): Promise<void> {
    for (const peer of [...this.#online.values(), this.#control]) await peer.close();
  }

  async #act(step: Step): Promise<void> {
    const peer = this.#online.get(step.client);
    if (step.verb === 'connect') await this.#connect(step);
    else if (peer === undefined) throw new Error(`${step.client} is not connected`);
    else if (step.verb === 'subscribe') {
      await peer.client.subscribeAsync(step.filter, { qos: step.qos });
    } else if (step.verb === 'unsubscribe') await peer.client.unsubscribeAsync(step.filter);
    else if (step.verb === 'publish') {
      const { topic, payload, qos, retain } = step;
      await peer.client.publishAsync(topic, payload, { qos, retain });
      // At QoS 0 nothing confirms it, but what comes later on its connection.
      if (qos === 0) await peer.client.unsubscribeAsync('never/subscribed');
    } else {
      this.#online.delete(step.client);
      if (step.verb === 'disconnect') await peer.client.endAsync();
      else {
        await peer.drop();
        const { payload } = step.will;
        await this.#control.inbox.takeUntil((packet) => payloadOf(packet).toString() === payload);
      }
    }
  }

  async #connect({ client, clean, will }: Step & { verb: 'connect' }): Promise<void> {
    const peer = await MqttPeer.open(this.#url, {
      protocolVersion: 4,
      clientId: client,
      clean,
      ...(will === null ? {} : { will: { ...will, payload: Buffer.from(will.payload) } }),
    });
    this.#online.set(client, peer);
    await peer.client.subscribeAsync(`${SENTINEL}/#`, { qos: 2 });
  }
}

function toHeard(packet: IPublishPacket): Heard {
  const { topic, qos, retain } = packet;
  return { topic, payload: payloadOf(packet).toString(), qos, retain };
}

function isNoSentinel({ topic }: Heard): boolean {
  return !topic.startsWith(SENTINEL);
}
