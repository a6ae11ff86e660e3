import { exitCodeOf, loadConfig, startBroker } from '@causeway/server';

export interface StartOptions {
  readonly config?: string;
  readonly data?: string;
  readonly set: readonly string[];
}

/** `causeway start`: serves until somebody says stop. */
export async function runStart(options: StartOptions): Promise<void> {
  const loaded = await loadConfig({
    file: options.config,
    environment: process.env,
    sets: configSets(options),
  });
  let stopping = false;
  const broker = await startBroker({
    ...loaded,
    onFatal: (error) => process.exit(exitCodeOf(error)),
  });
  const stop = () => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    broker.stop().then(
      () => process.exit(0),
      (error: unknown) => process.exit(exitCodeOf(error)),
    );
  };
  process.on('uncaughtException', (error) => {
    broker.log.error('defect', { reason: error.message, stack: error.stack });
    broker.log.flush();
    process.exit(1);
  });
  process.on('SIGHUP', () => void broker.reloadCertificates());
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`${readyLine(broker.addresses)}\n`);
}

/** `--data` is one of the sets, and the last one. */
export function configSets(options: Pick<StartOptions, 'data' | 'set'>): readonly string[] {
  return options.data === undefined ? options.set : [...options.set, `node.data=${options.data}`];
}

/** The one line that says that clients can come, and where. */
export function readyLine(
  addresses: readonly { readonly name: string; readonly address: string }[],
): string {
  return ['ready', ...addresses.map(({ name, address }) => `${name}=${address}`)].join(' ');
}
