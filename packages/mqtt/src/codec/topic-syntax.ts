const PLUS = 0x2b;
const HASH = 0x23;
const SLASH = 0x2f;

/** Whether the text may name a topic: not empty [MQTT-4.7.3-1], no wildcards [MQTT-3.3.2-2]. */
export function isTopicName(text: string): boolean {
  return text.length > 0 && !text.includes('+') && !text.includes('#');
}

/**
 * Whether the text is a topic filter [MQTT 5 4.7]:
 *
 * - valid: `a/b`, `/`, `+`, `#`, `a/+/b`, `a/#`, `+/+/#`
 * - not valid: the empty text, `a+`, `a/b#`, `#/a`, `a/+b/c`
 */
export function isTopicFilter(text: string): boolean {
  for (let index = 0; index < text.length; index++) {
    const code = text.charCodeAt(index);
    if (code !== PLUS && code !== HASH) continue;
    // A wildcard is a level of its own [MQTT-4.7.1-2], and `#` the last one [MQTT-4.7.1-1].
    if (index > 0 && text.charCodeAt(index - 1) !== SLASH) return false;
    const last = index === text.length - 1;
    if (!last && (code === HASH || text.charCodeAt(index + 1) !== SLASH)) return false;
  }
  return text.length > 0;
}
