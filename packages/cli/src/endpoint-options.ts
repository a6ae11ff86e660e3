import type { Command } from 'commander';

/** Adds what every command that connects to a broker takes. */
export function addEndpointOptions(command: Command): Command {
  return command
    .option('-u, --user <name>', 'user name; may also stand in the URL')
    .option(
      '-P, --password <password>',
      'password; better in the URL of a script nobody else reads, or in CAUSEWAY_PASSWORD',
    )
    .option('--ca <file>', 'authority to check the broker against, in PEM form')
    .option('--cert <file>', 'client certificate, in PEM form')
    .option('--key <file>', 'key of the client certificate, in PEM form')
    .option('--insecure', 'accept any certificate of the broker');
}

/** The URLs that all these commands take. */
export const URL_HELP = `
URL is one of
  mqtt://HOST:1883    mqtts://HOST:8883     MQTT over TCP, TLS
  ws://HOST:61614     wss://HOST:61619      MQTT over WebSocket
  stomp://HOST:61613  stomps://HOST:61614   STOMP over TCP, TLS
  amqp://HOST:5672    amqps://HOST:5671     AMQP 1.0 over TCP, TLS
  amqp+ws://HOST      amqp+wss://HOST       AMQP 1.0 over WebSocket, with the ports of ws and wss
with a user as in mqtt://alice:secret@HOST; amqp+ssl, mqtt+ssl and stomp+ssl are understood as well.
DESTINATION is queue://NAME or topic://NAME, or in the protocol's own words: sensors/kitchen or
$queue/NAME for MQTT, /queue/NAME or /topic/NAME for STOMP, NAME alone for a queue in AMQP.`;
