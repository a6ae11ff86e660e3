/** The protocol versions, by the number that is used for them in the code. */
export const VERSION_NAMES = ['1.0', '1.1', '1.2'] as const;
export type Version = 0 | 1 | 2;

/** What a client may send (STOMP 1.2, Client Frames); `STOMP` is another word for `CONNECT`. */
export type ClientCommand =
  | 'CONNECT'
  | 'STOMP'
  | 'SEND'
  | 'SUBSCRIBE'
  | 'UNSUBSCRIBE'
  | 'ACK'
  | 'NACK'
  | 'BEGIN'
  | 'COMMIT'
  | 'ABORT'
  | 'DISCONNECT';

/** What the broker may send. */
export type ServerCommand = 'CONNECTED' | 'MESSAGE' | 'RECEIPT' | 'ERROR';

export const NUL = 0;
export const LF = 10;
export const CR = 13;
export const COLON = 58;
export const BACKSLASH = 92;
export const SPACE = 32;
