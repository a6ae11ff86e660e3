/** Counters since start. Plain numbers: the hot path increments them without a call. */
export class Metrics {
  connectionsOpened = 0;
  connectionsOpen = 0;
  connectionsRefused = 0;
  loginsRefused = 0;
  permissionsRefused = 0;
  messagesPublished = 0;
  messagesDelivered = 0;
  messagesSettled = 0;
  messagesRedelivered = 0;
  messagesDeadLettered = 0;
  messagesExpired = 0;
  /** Dropped because a non-durable subscriber was too slow. */
  messagesDropped = 0;
  /** Published where nobody subscribes. */
  messagesUnroutable = 0;
  messagesQuarantined = 0;
  bytesReceived = 0;
  bytesSent = 0;
  commits = 0;
  protocolErrors = 0;
}
