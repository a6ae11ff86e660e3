/**
 * What `Message.formatFlags` means for messages of the MQTT format. Their bytes are the payload,
 * after a block of MQTT 5 properties when `HAS_PROPERTIES` is set: its length, then the properties
 * as the publisher sent them, without topic alias and message expiry.
 */
export const QOS_MASK = 0x03;
export const HAS_PROPERTIES = 0x04;
/** The broker made the bytes out of another format: what they say of the sender is true. Never stored. */
export const BUILT = 0x08;
