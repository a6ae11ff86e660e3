import type { Session } from '@causeway/core';
import { Inflight } from './inflight.js';

/** What is kept in memory of a session between its connections. */
export class SessionState {
  readonly inflight = new Inflight();
  /** Stops the timer that clears up the session's groups once it has expired. */
  cancelCleanup: (() => void) | null = null;

  /** The state of a session; a new one when there is none, as after a restart. */
  static of(session: Session): SessionState {
    if (!SessionState.isKnown(session)) session.attachment = new SessionState();
    return session.attachment as SessionState;
  }

  static isKnown(session: Session): boolean {
    return session.attachment instanceof SessionState;
  }
}
