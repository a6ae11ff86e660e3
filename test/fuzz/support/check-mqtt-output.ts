import { decodePacket, type Packet } from '../../support/raw-mqtt-decoder.js';

/** Only packets that a server may send, whole, and nothing after the one that ends it. */
export function checkMqttOutput(output: Buffer, ended: boolean): Packet[] {
  const packets: Packet[] = [];
  // Of the first packet only: CONNACK has properties in MQTT 5, and only there is AUTH.
  const level = output[0] === 0xf0 || (output[1] ?? 0) > 2 ? 5 : 4;
  let rest = output;
  while (rest.length > 0) {
    const packet = decodePacket(rest, level);
    if (packet === null) throw new Error(`half a packet: ${rest.toString('hex', 0, 40)}`);
    packets.push(packet);
    rest = rest.subarray(packet.bytes.length);
  }
  checkOrder(packets, ended);
  return packets;
}

function checkOrder(packets: readonly Packet[], ended: boolean): void {
  const connack = packets.findIndex(({ type }) => type === 'connack');
  const early = connack < 0 ? packets : packets.slice(0, connack);
  if (early.some(({ type }) => type !== 'auth')) throw new Error('a packet before CONNACK');
  const last = packets.findIndex(
    ({ type, reason }) => type === 'disconnect' || (type === 'connack' && reason !== 0),
  );
  if (last < 0) return;
  if (last < packets.length - 1) throw new Error('a packet after the last one');
  if (!ended) throw new Error('the connection stays open after its end');
}
