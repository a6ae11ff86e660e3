/**
 * How AMQP messages are kept: the sender's bytes from the message annotations on, or from what is
 * first of the sections after them, to the end of the footer. Header and delivery annotations are
 * not kept: the envelope has what the header says, and the annotations are for one hop (part 3.2).
 *
 *     | message-annotations? | properties? | application-properties? | body | footer? |
 */

/** The bytes begin with message annotations. */
export const HAS_MESSAGE_ANNOTATIONS = 0b1;
/** The user-id of the properties is the name under which the sender has logged in. */
export const USER_VERIFIED = 0b10;
