import { exitCodeOf } from '@causeway/server';
import { readyLine } from './ready-line.js';

export interface Service {
  readonly addresses: readonly { readonly name: string; readonly address: string }[];
  readonly log: {
    error(event: string, fields: Readonly<Record<string, unknown>>): void;
    flush(): void;
  };
  stop(): Promise<void>;
  /** On SIGHUP. */
  reload?(): void;
}

/** Says that the service is ready, and stops it in order when somebody says so. */
export function runService(service: Service): void {
  let stopping = false;
  const stop = () => {
    // Whoever asks twice does not want to wait.
    if (stopping) process.exit(1);
    stopping = true;
    service.stop().then(
      () => process.exit(0),
      (error: unknown) => process.exit(exitCodeOf(error)),
    );
  };
  process.on('uncaughtException', (error) => {
    service.log.error('defect', { reason: error.message, stack: error.stack });
    service.log.flush();
    process.exit(1);
  });
  process.on('SIGHUP', () => service.reload?.());
  process.on('SIGTERM', stop);
  process.on('SIGINT', stop);
  process.stdout.write(`${readyLine(service.addresses)}\n`);
}
