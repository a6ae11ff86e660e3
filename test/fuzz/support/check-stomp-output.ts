import { isUtf8 } from 'node:buffer';

const COMMANDS = ['CONNECTED', 'MESSAGE', 'RECEIPT', 'ERROR'];
const LF = 10;

export interface ServerFrame {
  readonly command: string;
  readonly headers: ReadonlyMap<string, string>;
  readonly body: string;
}

/** Only frames that a server may send, whole, and nothing after an ERROR. */
export function checkStompOutput(output: Buffer, ended: boolean): ServerFrame[] {
  const frames: ServerFrame[] = [];
  let at = 0;
  while (at < output.length) {
    if (output[at] === LF) {
      at++;
      continue;
    }
    const { frame, end } = readFrame(output, at);
    frames.push(frame);
    at = end;
  }
  checkOrder(frames, ended);
  return frames;
}

function readFrame(output: Buffer, start: number): { frame: ServerFrame; end: number } {
  const blank = output.indexOf('\n\n', start);
  if (blank < 0) throw new Error(`headers without an end: ${excerpt(output, start)}`);
  const head = output.subarray(start, blank);
  if (!isUtf8(head)) throw new Error(`not UTF-8: ${excerpt(output, start)}`);
  const [command = '', ...lines] = head.toString().split('\n');
  if (!COMMANDS.includes(command)) throw new Error(`no server frame: ${excerpt(output, start)}`);
  const headers = new Map<string, string>();
  for (const line of lines) {
    const colon = line.indexOf(':');
    if (colon < 1 || /[\0\r]/.test(line)) throw new Error(`no header: ${JSON.stringify(line)}`);
    const name = line.slice(0, colon);
    if (!headers.has(name)) headers.set(name, line.slice(colon + 1));
  }
  const body = blank + 2;
  const length = headers.get('content-length');
  const end = length === undefined ? output.indexOf(0, body) : body + Number(length);
  if (end < 0 || output[end] !== 0) throw new Error(`no NUL: ${excerpt(output, start)}`);
  if (!headers.has(REQUIRED[command]!)) throw new Error(`${command} without ${REQUIRED[command]}`);
  const text = output.toString('latin1', body, end);
  return { frame: { command, headers, body: text }, end: end + 1 };
}

const REQUIRED: Record<string, string> = {
  CONNECTED: 'version',
  MESSAGE: 'message-id',
  RECEIPT: 'receipt-id',
  ERROR: 'message',
};

function checkOrder(frames: readonly ServerFrame[], ended: boolean): void {
  const [first, ...others] = frames.map(({ command }) => command);
  if (first !== undefined && first !== 'CONNECTED' && first !== 'ERROR') {
    throw new Error(`${first} before CONNECTED`);
  }
  if (others.includes('CONNECTED')) throw new Error('CONNECTED twice');
  const error = frames.findIndex(({ command }) => command === 'ERROR');
  if (error < 0) return;
  if (error < frames.length - 1) throw new Error('a frame after ERROR');
  if (!ended) throw new Error('the connection stays open after ERROR');
}

function excerpt(output: Buffer, start: number): string {
  return JSON.stringify(output.toString('latin1', start, start + 300));
}
