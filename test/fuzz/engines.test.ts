import { expect } from 'vitest';
import type { Packet } from '../support/raw-mqtt-decoder.js';
import { SeededRandom } from '../support/seeded-random.js';
import { amqpConversation, beginning } from './support/amqp-conversation.js';
import { checkAmqpOutput, type ServerSaying } from './support/check-amqp-output.js';
import { checkMqttOutput } from './support/check-mqtt-output.js';
import { checkStompOutput, type ServerFrame } from './support/check-stomp-output.js';
import { fuzz } from './support/fuzz.js';
import { FuzzWorld, type ProtocolName as Name, PROTOCOL_NAMES } from './support/fuzz-world.js';
import { mqttConversation } from './support/mqtt-conversation.js';
import { cut, mutate } from './support/mutate.js';
import { stompConversation } from './support/stomp-conversation.js';

/** Completes whatever is incomplete: an error in it may be noticed early, or only then. */
const CLOSING = Buffer.from('\n\n\0'.repeat(2000));

const CONVERSATIONS = {
  mqtt: mqttConversation,
  stomp: stompConversation,
  amqp: amqpConversation,
};
/** Up to where a client is let in. */
const LOGINS = {
  mqtt: (random: SeededRandom) => mqttConversation(random).slice(0, 1),
  stomp: (random: SeededRandom) => stompConversation(random).slice(0, 1),
  amqp: beginning,
};
const CHECKS = { mqtt: checkMqttOutput, stomp: checkStompOutput, amqp: checkAmqpOutput };

/** Several clients at once, so that what one does reaches the others. */
async function run(
  random: SeededRandom,
  names: readonly Name[],
  input: (name: Name) => Buffer[],
): Promise<void> {
  const world = await FuzzWorld.open(random);
  const clients = names.map((name) => ({ name, connection: world.connect(name) }));
  for (const { name, connection } of clients) {
    await world.feed(connection, cut(Buffer.concat(input(name)), random));
    world.checkOthers();
    if (random.chance(0.5)) connection.close(random.pick(['ended', 'reset']));
  }
  for (const { name, connection } of clients) {
    CHECKS[name](connection.output, connection.sink.ended);
  }
  world.finish();
}

function conversation(name: Name, random: SeededRandom, changes: number): Buffer[] {
  return mutate(CONVERSATIONS[name](random), random, changes);
}

for (const name of PROTOCOL_NAMES) {
  fuzz(`${name}: random bytes`, 300, (random) =>
    run(random, [name, name], () => [random.bytes(random.below(2000))]),
  );

  fuzz(`${name}: random bytes after the login`, 300, (random) =>
    run(random, [name, name], () => [
      ...LOGINS[name](random),
      random.bytes(random.below(300)),
      random.bytes(random.below(6000)),
    ]),
  );

  fuzz(`${name}: conversations that keep to the rules`, 200, (random) =>
    run(random, [name, name, name], () => conversation(name, random, 0)),
  );

  fuzz(`${name}: conversations with changes`, 600, (random) =>
    run(random, [name, name, name], () => conversation(name, random, random.between(1, 5))),
  );

  // The same bytes mean the same, however they are cut.
  fuzz(`${name}: chunks make no difference`, 200, async (random) => {
    const bytes = Buffer.concat([...conversation(name, random, random.below(3)), CLOSING]);
    const seed = random.below(2 ** 31);
    const [whole, single] = await Promise.all([
      outcome(name, [bytes], seed),
      outcome(
        name,
        Array.from(bytes, (byte) => Buffer.of(byte)),
        seed,
      ),
    ]);
    expect(single).toEqual(whole);
  });
}

fuzz('conversations with changes in all protocols', 300, (random) =>
  run(random, ['mqtt', 'stomp', 'amqp', 'mqtt', 'stomp', 'amqp'], (name) =>
    conversation(name, random, random.below(4)),
  ),
);

/** What comes out when nothing happens between the chunks. */
async function outcome(name: Name, chunks: readonly Buffer[], seed: number) {
  const world = await FuzzWorld.open(new SeededRandom(seed));
  const connection = world.connect(name);
  for (const chunk of chunks) connection.send(chunk);
  for (let count = 0; count < 4; count++) await Promise.resolve();
  world.turns.run();
  const { output, sink } = connection;
  const answers = CHECKS[name](output, sink.ended).map((answer) =>
    // What is wrong in two ways may be told either way.
    isLast(answer) ? 'the last one' : answer,
  );
  return { answers, ended: sink.ended };
}

function isLast(answer: Packet | ServerFrame | ServerSaying): boolean {
  if ('command' in answer) return answer.command === 'ERROR';
  if ('kind' in answer) return answer.kind === 'close';
  return answer.type === 'disconnect' || (answer.type === 'connack' && answer.reason !== 0);
}
