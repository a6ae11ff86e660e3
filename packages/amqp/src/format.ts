import { type Content, FORMAT_IDS, type Message, type MessageFormat } from '@causeway/core';
import { MessageLayout, readLayout } from './codec/message-sections.js';
import { amqp1 } from './dialects.js';
import { readContent } from './read-content.js';
import { HAS_MESSAGE_ANNOTATIONS, USER_VERIFIED } from './stored-form.js';
import { writeContent } from './write-content.js';

/** AMQP messages: the sender's sections but those that are for one hop. */
export const amqpFormat: MessageFormat = {
  id: FORMAT_IDS.amqp,
  name: 'amqp',
  /** With annotations that say what the message is for JMS; and the broker has written the user. */
  builtFlags: HAS_MESSAGE_ANNOTATIONS | USER_VERIFIED,
  dialects: [amqp1],

  view(message: Message): Content {
    const { bytes, start, end, formatFlags } = message;
    const layout = new MessageLayout();
    // The sections were checked when the message came in; what is in them was not.
    readLayout(bytes, start, end, layout);
    const userVerified = (formatFlags & USER_VERIFIED) !== 0;
    return readContent(bytes, layout, userVerified, message.amendments);
  },

  build: writeContent,
};
