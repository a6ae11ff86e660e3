import jakarta.jms.*;
import java.util.ArrayList;
import java.util.Arrays;
import java.util.Collections;
import java.util.Enumeration;
import java.util.List;
import java.util.Map;
import java.util.UUID;
import java.util.concurrent.CountDownLatch;
import java.util.concurrent.TimeUnit;
import java.util.concurrent.atomic.AtomicInteger;
import java.util.stream.Collectors;
import java.util.stream.IntStream;
import org.apache.qpid.jms.JmsConnectionFactory;

/** Qpid JMS, AMQP 1.0: what applications of JMS 2.0 and 3.1 do with a broker. */
public class Interop {
  static final long WAIT_MS = 15_000;
  /** Long enough for what would come by mistake; nothing waits for it when all is well. */
  static final long QUIET_MS = 300;
  static final String RUN = UUID.randomUUID().toString().substring(0, 8);
  static final AtomicInteger NAMES = new AtomicInteger();
  static final List<Connection> OPEN = new ArrayList<>();
  static int port;

  interface Test {
    void run() throws Exception;
  }

  public static void main(String[] arguments) throws Exception {
    port = Integer.parseInt(arguments[0]);
    Map<String, Test> tests = new java.util.LinkedHashMap<>();
    tests.put("logins", Interop::logins);
    tests.put("autoAcknowledge", Interop::autoAcknowledge);
    tests.put("asynchronousSend", Interop::asynchronousSend);
    tests.put("listener", Interop::listener);
    tests.put("pull", Interop::pull);
    tests.put("presettled", Interop::presettled);
    tests.put("clientAcknowledge", Interop::clientAcknowledge);
    tests.put("transactedSend", Interop::transactedSend);
    tests.put("transactedReceive", Interop::transactedReceive);
    tests.put("closeUnacknowledged", Interop::closeUnacknowledged);
    tests.put("durableSubscription", Interop::durableSubscription);
    tests.put("sharedSubscription", Interop::sharedSubscription);
    tests.put("sharedDurableSubscription", Interop::sharedDurableSubscription);
    tests.put("noLocal", Interop::noLocal);
    tests.put("selectors", Interop::selectors);
    tests.put("browser", Interop::browser);
    tests.put("requestReply", Interop::requestReply);
    tests.put("temporaryTopic", Interop::temporaryTopic);
    tests.put("messageTypes", Interop::messageTypes);
    tests.put("headers", Interop::headers);
    tests.put("anonymousProducer", Interop::anonymousProducer);
    tests.put("deliveryDelay", Interop::deliveryDelay);
    tests.put("expiry", Interop::expiry);
    tests.put("largeMessages", Interop::largeMessages);
    tests.put("permissions", Interop::permissions);
    tests.put("simplifiedInterface", Interop::simplifiedInterface);
    List<String> chosen = Arrays.asList(arguments).subList(1, arguments.length);
    for (String name : tests.keySet()) {
      if (!chosen.isEmpty() && !chosen.contains(name)) continue;
      try {
        tests.get(name).run();
      } catch (Throwable error) {
        error.printStackTrace(System.out);
        check(name + " ended with " + error, false);
      }
      for (Connection connection : OPEN) connection.close();
      OPEN.clear();
    }
    System.exit(0);
  }

  static void check(String name, boolean condition) {
    System.out.println((condition ? "ok   " : "FAIL ") + "qpid jms " + name);
    if (!condition) System.exit(1);
  }

  static JmsConnectionFactory factory(String user, String password, String options) {
    String allow = "jms.deserializationPolicy.allowList=java.util,java.lang";
    String uri = "amqp://127.0.0.1:" + port + "?" + allow + options;
    return new JmsConnectionFactory(user, password, uri);
  }

  static Connection connect(String clientId, String options) throws JMSException {
    Connection connection = factory("admin", "admin", options).createConnection();
    OPEN.add(connection);
    if (clientId != null) connection.setClientID(clientId);
    connection.start();
    return connection;
  }

  static Session session(int mode) throws JMSException {
    return connect(null, "").createSession(mode == Session.SESSION_TRANSACTED, mode);
  }

  static String name(String kind) {
    return "jms." + kind + "." + RUN + "." + NAMES.incrementAndGet();
  }

  static Queue queue(Session session) throws JMSException {
    return session.createQueue(name("queue"));
  }

  static Topic topic(Session session) throws JMSException {
    return session.createTopic(name("topic"));
  }

  static List<String> numbers(int count) {
    return IntStream.range(0, count).mapToObj(String::valueOf).collect(Collectors.toList());
  }

  static void send(Session session, Destination destination, List<String> texts)
      throws JMSException {
    MessageProducer producer = session.createProducer(destination);
    for (String text : texts) producer.send(session.createTextMessage(text));
    producer.close();
  }

  static List<String> receive(MessageConsumer consumer, int count) throws JMSException {
    List<String> texts = new ArrayList<>();
    for (int index = 0; index < count; index++) texts.add(text(consumer.receive(WAIT_MS)));
    return texts;
  }

  static String text(Message message) throws JMSException {
    return message == null ? null : ((TextMessage) message).getText();
  }

  /** Whether the end, which is sent now, is the next to arrive: nothing else is left. */
  static boolean ends(Session session, Destination destination, MessageConsumer consumer)
      throws JMSException {
    send(session, destination, List.of("end"));
    return "end".equals(text(consumer.receive(WAIT_MS)));
  }

  static int deliveryCount(Message message) throws JMSException {
    return message.getIntProperty("JMSXDeliveryCount");
  }

  static void logins() throws Exception {
    for (String mechanism : List.of("SCRAM-SHA-256", "PLAIN")) {
      Session session = connect(null, "&amqp.saslMechanisms=" + mechanism).createSession();
      check("logs in with " + mechanism, session != null);
      try {
        factory("admin", "wrong", "&amqp.saslMechanisms=" + mechanism).createConnection().start();
        check("a wrong password is refused, " + mechanism, false);
      } catch (JMSSecurityException error) {
        check("a wrong password is refused, " + mechanism, true);
      }
    }
  }

  static void autoAcknowledge() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    send(session, queue, numbers(300));
    MessageConsumer consumer = session.createConsumer(queue);
    check("auto: all arrive in order", receive(consumer, 300).equals(numbers(300)));
    consumer.close();
    check("auto: nothing comes back", ends(session, queue, session.createConsumer(queue)));
  }

  static void asynchronousSend() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    MessageProducer producer = session.createProducer(queue);
    int count = 500;
    List<String> completed = Collections.synchronizedList(new ArrayList<>());
    List<Exception> failed = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch done = new CountDownLatch(count);
    CompletionListener listener =
        new CompletionListener() {
          public void onCompletion(Message message) {
            try {
              completed.add(((TextMessage) message).getText());
            } catch (JMSException error) {
              failed.add(error);
            }
            done.countDown();
          }

          public void onException(Message message, Exception error) {
            failed.add(error);
            done.countDown();
          }
        };
    for (String text : numbers(count)) producer.send(session.createTextMessage(text), listener);
    check("async send: all complete", done.await(WAIT_MS, TimeUnit.MILLISECONDS));
    check("async send: in order, none failed", failed.isEmpty() && completed.equals(numbers(count)));
    MessageConsumer consumer = session.createConsumer(queue);
    check("async send: all arrive", receive(consumer, count).equals(numbers(count)));
  }

  static void listener() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Session writer = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    List<String> texts = Collections.synchronizedList(new ArrayList<>());
    CountDownLatch done = new CountDownLatch(200);
    session
        .createConsumer(queue)
        .setMessageListener(
            message -> {
              try {
                texts.add(text(message));
              } catch (JMSException error) {
                texts.add(error.getMessage());
              }
              done.countDown();
            });
    send(writer, queue, numbers(200));
    check("listener: all arrive", done.await(WAIT_MS, TimeUnit.MILLISECONDS));
    check("listener: in order", texts.equals(numbers(200)));
  }

  /** Without prefetch each receive grants one credit, and drains it when the time is over. */
  static void pull() throws Exception {
    Connection connection = connect(null, "&jms.prefetchPolicy.all=0");
    Session session = connection.createSession();
    Queue queue = queue(session);
    MessageConsumer consumer = session.createConsumer(queue);
    check("pull: nothing there, at once", consumer.receiveNoWait() == null);
    check("pull: nothing there, after a while", consumer.receive(50) == null);
    send(session, queue, numbers(20));
    check("pull: one after another", receive(consumer, 20).equals(numbers(20)));
    check("pull: nothing left", consumer.receiveNoWait() == null);
  }

  static void presettled() throws Exception {
    Connection connection = connect(null, "&jms.presettlePolicy.presettleAll=true");
    Session session = connection.createSession();
    Queue queue = queue(session);
    send(session, queue, numbers(100));
    MessageConsumer consumer = session.createConsumer(queue);
    check("presettled: all arrive in order", receive(consumer, 100).equals(numbers(100)));
  }

  static void clientAcknowledge() throws Exception {
    Session session = session(Session.CLIENT_ACKNOWLEDGE);
    Queue queue = queue(session);
    send(session, queue, numbers(5));
    MessageConsumer consumer = session.createConsumer(queue);
    Message first = consumer.receive(WAIT_MS);
    check("client: not redelivered at first", !first.getJMSRedelivered() && deliveryCount(first) == 1);
    check("client: the others follow", receive(consumer, 2).equals(List.of("1", "2")));
    session.recover();
    Message again = consumer.receive(WAIT_MS);
    check("client: recover brings the first again", "0".equals(text(again)));
    check("client: flagged", again.getJMSRedelivered());
    check("client: counted", deliveryCount(again) == 2);
    check("client: and all the others", receive(consumer, 4).equals(List.of("1", "2", "3", "4")));
    again.acknowledge();
    consumer.close();
    check("client: one acknowledge is for all", ends(session, queue, session.createConsumer(queue)));
  }

  static void transactedSend() throws Exception {
    Session transacted = session(Session.SESSION_TRANSACTED);
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue one = queue(session);
    Queue two = queue(session);
    MessageConsumer readOne = session.createConsumer(one);
    MessageConsumer readTwo = session.createConsumer(two);
    send(transacted, one, List.of("rolled back"));
    transacted.rollback();
    send(transacted, one, numbers(50));
    send(transacted, two, List.of("also"));
    check("transacted: nothing before the commit", readOne.receive(QUIET_MS) == null);
    transacted.commit();
    check("transacted: all after it", receive(readOne, 50).equals(numbers(50)));
    check("transacted: in every queue", receive(readTwo, 1).equals(List.of("also")));
    check("transacted: nothing of what was rolled back", ends(session, one, readOne));
  }

  static void transactedReceive() throws Exception {
    Session transacted = session(Session.SESSION_TRANSACTED);
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    Queue results = queue(session);
    send(session, queue, numbers(3));
    MessageConsumer consumer = transacted.createConsumer(queue);
    check("transacted: receives", receive(consumer, 3).equals(numbers(3)));
    send(transacted, results, List.of("wrong"));
    transacted.rollback();
    Message again = consumer.receive(WAIT_MS);
    check("rollback: comes again in order", "0".equals(text(again)));
    check("rollback: flagged and counted", again.getJMSRedelivered() && deliveryCount(again) == 2);
    check("rollback: the others, too", receive(consumer, 2).equals(List.of("1", "2")));
    send(transacted, results, List.of("right"));
    transacted.commit();
    consumer.close();
    MessageConsumer reader = session.createConsumer(results);
    check("commit: the result is there", receive(reader, 1).equals(List.of("right")));
    check("commit: nothing is left", ends(session, queue, session.createConsumer(queue)));
  }

  static void closeUnacknowledged() throws Exception {
    Connection first = connect(null, "");
    Session session = first.createSession(Session.CLIENT_ACKNOWLEDGE);
    Queue queue = queue(session);
    send(session, queue, numbers(3));
    MessageConsumer consumer = session.createConsumer(queue);
    check("close: received", receive(consumer, 2).equals(List.of("0", "1")));
    first.close();
    Session other = session(Session.AUTO_ACKNOWLEDGE);
    MessageConsumer reader = other.createConsumer(queue);
    Message again = reader.receive(WAIT_MS);
    check("close: unacknowledged messages come to others", "0".equals(text(again)));
    check("close: flagged", again.getJMSRedelivered());
    check("close: in order", receive(reader, 2).equals(List.of("1", "2")));
  }

  static void durableSubscription() throws Exception {
    String clientId = name("client");
    Connection connection = connect(clientId, "");
    Session session = connection.createSession();
    Topic topic = topic(session);
    Session writer = session(Session.AUTO_ACKNOWLEDGE);
    MessageConsumer subscriber = session.createDurableConsumer(topic, "archive");
    send(writer, topic, List.of("online"));
    check("durable: receives", receive(subscriber, 1).equals(List.of("online")));
    try {
      session.unsubscribe("archive");
      check("durable: cannot be unsubscribed while it is used", false);
    } catch (JMSException error) {
      check("durable: cannot be unsubscribed while it is used", true);
    }
    subscriber.close();
    send(writer, topic, numbers(3));
    connection.close();
    Session again = connect(clientId, "").createSession();
    subscriber = again.createDurableConsumer(topic, "archive");
    check("durable: keeps what came meanwhile", receive(subscriber, 3).equals(numbers(3)));
    subscriber.close();
    again.unsubscribe("archive");
    send(writer, topic, List.of("nobody"));
    subscriber = again.createDurableConsumer(topic, "archive");
    check("durable: nothing after unsubscribe", ends(writer, topic, subscriber));
    subscriber.close();
    again.unsubscribe("archive");
    try {
      again.unsubscribe("archive");
      check("durable: unsubscribing twice fails", false);
    } catch (InvalidDestinationException error) {
      check("durable: unsubscribing twice fails", true);
    }
  }

  /** Sends to two members, and checks that each message comes to one of them. */
  static void share(String label, Session writer, Topic topic, MessageConsumer... members)
      throws JMSException {
    send(writer, topic, numbers(40));
    List<String> all = new ArrayList<>();
    for (MessageConsumer member : members) {
      for (Message message = member.receive(WAIT_MS); ; message = member.receive(QUIET_MS)) {
        if (message == null) break;
        all.add(text(message));
      }
      check(label + ": a member has its part", !all.isEmpty());
    }
    Collections.sort(all);
    List<String> expected = numbers(40);
    Collections.sort(expected);
    check(label + ": each message comes once", all.equals(expected));
  }

  static void sharedSubscription() throws Exception {
    Connection first = connect(name("client"), "&jms.prefetchPolicy.all=1");
    Connection second = connect(null, "&jms.prefetchPolicy.all=1");
    Session one = first.createSession();
    Session other = first.createSession();
    Topic topic = topic(one);
    Session writer = session(Session.AUTO_ACKNOWLEDGE);
    share(
        "shared",
        writer,
        topic,
        one.createSharedConsumer(topic, "group"),
        other.createSharedConsumer(topic, "group"));
    Session third = second.createSession();
    Session fourth = connect(null, "&jms.prefetchPolicy.all=1").createSession();
    Topic global = topic(one);
    share(
        "shared, without a client id",
        writer,
        global,
        third.createSharedConsumer(global, "group"),
        fourth.createSharedConsumer(global, "group"));
  }

  static void sharedDurableSubscription() throws Exception {
    Connection first = connect(null, "&jms.prefetchPolicy.all=1");
    Session one = first.createSession();
    Session other = connect(null, "&jms.prefetchPolicy.all=1").createSession();
    Topic topic = topic(one);
    String subscription = name("shared");
    Session writer = session(Session.AUTO_ACKNOWLEDGE);
    MessageConsumer left = one.createSharedDurableConsumer(topic, subscription);
    MessageConsumer right = other.createSharedDurableConsumer(topic, subscription);
    share("shared durable", writer, topic, left, right);
    left.close();
    right.close();
    send(writer, topic, numbers(3));
    left = one.createSharedDurableConsumer(topic, subscription);
    check("shared durable: keeps what came meanwhile", receive(left, 3).equals(numbers(3)));
    left.close();
    one.unsubscribe(subscription);
    send(writer, topic, List.of("nobody"));
    left = one.createSharedDurableConsumer(topic, subscription);
    check("shared durable: nothing after unsubscribe", ends(writer, topic, left));
    left.close();
    one.unsubscribe(subscription);
  }

  static void noLocal() throws Exception {
    Session session = connect(name("client"), "").createSession();
    Topic topic = topic(session);
    MessageConsumer consumer = session.createConsumer(topic, null, true);
    send(session, topic, List.of("mine"));
    Session other = session(Session.AUTO_ACKNOWLEDGE);
    check("no local: only what others send", ends(other, topic, consumer));
  }

  static void selectors() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    MessageProducer producer = session.createProducer(queue);
    for (int index = 0; index < 6; index++) {
      TextMessage message = session.createTextMessage(String.valueOf(index));
      message.setStringProperty("colour", index % 2 == 0 ? "blue" : "red");
      message.setIntProperty("number", index);
      message.setJMSType(index < 3 ? "low" : "high");
      message.setJMSCorrelationID("c" + index);
      producer.setPriority(index);
      producer.send(message);
    }
    String[][] cases = {
      {"colour = 'red' AND number > 1", "3,5"},
      {"JMSType LIKE 'l_w' AND colour NOT IN ('red')", "0,2"},
      {"JMSPriority = 4 OR JMSCorrelationID = 'c1'", "1,4"},
    };
    for (String[] each : cases) {
      MessageConsumer consumer = session.createConsumer(queue, each[0]);
      List<String> expected = Arrays.asList(each[1].split(","));
      List<String> got = receive(consumer, expected.size());
      Collections.sort(got);
      check("selector " + each[0], got.equals(expected) && consumer.receiveNoWait() == null);
      consumer.close();
    }
    try {
      session.createConsumer(queue, "colour = = 'red'");
      check("selector: a wrong one is refused", false);
    } catch (JMSException error) {
      check("selector: a wrong one is refused", error instanceof InvalidSelectorException);
    }
  }

  static void browser() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    send(session, queue, numbers(25));
    for (int round = 0; round < 2; round++) {
      QueueBrowser browser = session.createBrowser(queue);
      List<String> texts = new ArrayList<>();
      Enumeration<?> messages = browser.getEnumeration();
      while (messages.hasMoreElements()) texts.add(text((Message) messages.nextElement()));
      check("browser: sees all, and ends", texts.equals(numbers(25)));
      browser.close();
    }
    Enumeration<?> none = session.createBrowser(queue(session)).getEnumeration();
    check("browser: an empty queue ends at once", !none.hasMoreElements());
    check("browser: takes none", receive(session.createConsumer(queue), 25).equals(numbers(25)));
  }

  static void requestReply() throws Exception {
    Session server = session(Session.AUTO_ACKNOWLEDGE);
    Queue requests = queue(server);
    MessageProducer answers = server.createProducer(null);
    server
        .createConsumer(requests)
        .setMessageListener(
            request -> {
              try {
                TextMessage answer = server.createTextMessage(text(request).toUpperCase());
                answer.setJMSCorrelationID(request.getJMSMessageID());
                answers.send(request.getJMSReplyTo(), answer);
              } catch (JMSException error) {
                error.printStackTrace(System.out);
              }
            });
    Connection connection = connect(null, "");
    Session client = connection.createSession();
    TemporaryQueue replies = client.createTemporaryQueue();
    MessageConsumer consumer = client.createConsumer(replies);
    MessageProducer producer = client.createProducer(requests);
    for (String text : List.of("one", "two")) {
      TextMessage request = client.createTextMessage(text);
      request.setJMSReplyTo(replies);
      producer.send(request);
      Message answer = consumer.receive(WAIT_MS);
      check("temporary queue: answers come", text.toUpperCase().equals(text(answer)));
      boolean same = request.getJMSMessageID().equals(answer.getJMSCorrelationID());
      check("temporary queue: and are correlated", same);
    }
    consumer.close();
    replies.delete();
    check("temporary queue: another after it was deleted", client.createTemporaryQueue() != null);
    try {
      send(server, replies, List.of("too late"));
      check("temporary queue: nobody can send when it is deleted", false);
    } catch (InvalidDestinationException error) {
      check("temporary queue: nobody can send when it is deleted", true);
    }
  }

  static void temporaryTopic() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    TemporaryTopic topic = session.createTemporaryTopic();
    MessageConsumer first = session.createConsumer(topic);
    MessageConsumer second = session.createConsumer(topic);
    Session other = session(Session.AUTO_ACKNOWLEDGE);
    send(other, topic, List.of("all"));
    boolean both = "all".equals(text(first.receive(WAIT_MS))) && "all".equals(text(second.receive(WAIT_MS)));
    check("temporary topic: everybody receives", both);
  }

  static void messageTypes() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    MessageProducer producer = session.createProducer(queue);
    MessageConsumer consumer = session.createConsumer(queue);

    producer.send(session.createTextMessage("ä € 🐟"));
    check("text", "ä € 🐟".equals(((TextMessage) consumer.receive(WAIT_MS)).getText()));

    BytesMessage bytes = session.createBytesMessage();
    bytes.writeInt(-7);
    bytes.writeUTF("inside");
    bytes.writeBytes(new byte[] {0, -1, 10});
    producer.send(bytes);
    BytesMessage gotBytes = (BytesMessage) consumer.receive(WAIT_MS);
    boolean same = gotBytes.readInt() == -7 && gotBytes.readUTF().equals("inside");
    byte[] rest = new byte[3];
    check("bytes", same && gotBytes.readBytes(rest) == 3 && Arrays.equals(rest, new byte[] {0, -1, 10}));

    MapMessage map = session.createMapMessage();
    map.setInt("int", 1 << 30);
    map.setLong("long", Long.MAX_VALUE);
    map.setString("text", "value");
    map.setBytes("bytes", new byte[] {1, 2});
    map.setChar("char", '€');
    producer.send(map);
    MapMessage gotMap = (MapMessage) consumer.receive(WAIT_MS);
    check("map", gotMap.getInt("int") == 1 << 30 && gotMap.getLong("long") == Long.MAX_VALUE
        && gotMap.getString("text").equals("value") && gotMap.getChar("char") == '€'
        && Arrays.equals(gotMap.getBytes("bytes"), new byte[] {1, 2}));

    StreamMessage stream = session.createStreamMessage();
    stream.writeBoolean(true);
    stream.writeDouble(1.25);
    stream.writeString("text");
    stream.writeBytes(new byte[] {9});
    producer.send(stream);
    StreamMessage gotStream = (StreamMessage) consumer.receive(WAIT_MS);
    check("stream", gotStream.readBoolean() && gotStream.readDouble() == 1.25
        && gotStream.readString().equals("text"));

    ObjectMessage object = session.createObjectMessage(new ArrayList<>(List.of("a", "b")));
    producer.send(object);
    ObjectMessage gotObject = (ObjectMessage) consumer.receive(WAIT_MS);
    check("object", List.of("a", "b").equals(gotObject.getObject()));

    Message empty = session.createMessage();
    empty.setStringProperty("only", "properties");
    producer.send(empty);
    Message gotEmpty = consumer.receive(WAIT_MS);
    check("no body", "properties".equals(gotEmpty.getStringProperty("only"))
        && !(gotEmpty instanceof TextMessage) && !(gotEmpty instanceof BytesMessage));
  }

  static void headers() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    Topic replies = session.createTopic(name("replies"));
    MessageProducer producer = session.createProducer(queue);
    TextMessage sent = session.createTextMessage("headers");
    sent.setJMSType("type");
    sent.setJMSCorrelationID("correlation");
    sent.setJMSReplyTo(replies);
    sent.setStringProperty("JMSXGroupID", "group");
    sent.setIntProperty("JMSXGroupSeq", 3);
    sent.setBooleanProperty("boolean", true);
    sent.setByteProperty("byte", (byte) -1);
    sent.setShortProperty("short", (short) -300);
    sent.setIntProperty("int", 1 << 30);
    sent.setLongProperty("long", Long.MIN_VALUE);
    sent.setFloatProperty("float", 1.5f);
    sent.setDoubleProperty("double", Math.PI);
    sent.setStringProperty("string", "ä €");
    producer.send(sent, DeliveryMode.PERSISTENT, 7, 3_600_000);
    MessageConsumer consumer = session.createConsumer(queue);
    Message got = consumer.receive(WAIT_MS);
    check("JMSMessageID", sent.getJMSMessageID().equals(got.getJMSMessageID()));
    check("JMSTimestamp", sent.getJMSTimestamp() == got.getJMSTimestamp());
    check("JMSExpiration", sent.getJMSExpiration() == got.getJMSExpiration());
    check("JMSDeliveryMode", got.getJMSDeliveryMode() == DeliveryMode.PERSISTENT);
    check("JMSPriority", got.getJMSPriority() == 7);
    check("JMSType", "type".equals(got.getJMSType()));
    check("JMSCorrelationID", "correlation".equals(got.getJMSCorrelationID()));
    check("JMSReplyTo", replies.equals(got.getJMSReplyTo()));
    check("JMSDestination", queue.equals(got.getJMSDestination()));
    check("JMSXGroupID", "group".equals(got.getStringProperty("JMSXGroupID")));
    check("JMSXGroupSeq", got.getIntProperty("JMSXGroupSeq") == 3);
    for (String name : List.of("boolean", "byte", "short", "int", "long", "float", "double", "string")) {
      check("property of type " + name, sent.getObjectProperty(name).equals(got.getObjectProperty(name)));
    }
    producer.send(session.createTextMessage("plain"), DeliveryMode.NON_PERSISTENT, 4, 0);
    got = consumer.receive(WAIT_MS);
    check("non-persistent", got.getJMSDeliveryMode() == DeliveryMode.NON_PERSISTENT
        && got.getJMSExpiration() == 0 && got.getJMSPriority() == 4);
  }

  static void anonymousProducer() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    MessageProducer producer = session.createProducer(null);
    Queue queue = queue(session);
    Topic topic = topic(session);
    MessageConsumer subscriber = session.createConsumer(topic);
    producer.send(queue, session.createTextMessage("to a queue"));
    producer.send(topic, session.createTextMessage("to a topic"));
    check("anonymous producer: a queue", "to a queue".equals(text(session.createConsumer(queue).receive(WAIT_MS))));
    check("anonymous producer: a topic", "to a topic".equals(text(subscriber.receive(WAIT_MS))));
  }

  static void deliveryDelay() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    MessageProducer producer = session.createProducer(queue);
    MessageConsumer consumer = session.createConsumer(queue);
    long delayMs = 700;
    producer.setDeliveryDelay(delayMs);
    TextMessage sent = session.createTextMessage("later");
    long before = System.currentTimeMillis();
    producer.send(sent);
    producer.setDeliveryDelay(0);
    producer.send(session.createTextMessage("now"));
    check("delay: others overtake", "now".equals(text(consumer.receive(WAIT_MS))));
    Message got = consumer.receive(WAIT_MS);
    check("delay: it comes", "later".equals(text(got)));
    check("delay: not before its time", System.currentTimeMillis() - before >= delayMs);
    check("delay: JMSDeliveryTime", got.getJMSDeliveryTime() >= before + delayMs);
  }

  static void expiry() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    MessageProducer producer = session.createProducer(queue);
    producer.setTimeToLive(1);
    producer.send(session.createTextMessage("too old"));
    Thread.sleep(20);
    MessageConsumer consumer = session.createConsumer(queue);
    check("expiry: what is too old does not come", ends(session, queue, consumer));
  }

  static void largeMessages() throws Exception {
    Session session = session(Session.AUTO_ACKNOWLEDGE);
    Queue queue = queue(session);
    MessageProducer producer = session.createProducer(queue);
    MessageConsumer consumer = session.createConsumer(queue);
    for (int size : new int[] {0, 100_000, 1 << 20, 5 << 20}) {
      byte[] body = new byte[size];
      for (int index = 0; index < size; index++) body[index] = (byte) (index % 251);
      BytesMessage message = session.createBytesMessage();
      message.writeBytes(body);
      producer.send(message);
      BytesMessage got = (BytesMessage) consumer.receive(WAIT_MS);
      byte[] back = new byte[(int) got.getBodyLength()];
      if (size > 0) got.readBytes(back);
      check(size + " bytes", Arrays.equals(body, back));
    }
  }

  static void permissions() throws Exception {
    Connection connection = factory("guest", "guest", "").createConnection();
    OPEN.add(connection);
    connection.start();
    Session session = connection.createSession();
    Queue secret = session.createQueue("secret.plans");
    try {
      send(session, secret, List.of("not allowed"));
      check("sending without permission fails", false);
    } catch (JMSSecurityException error) {
      check("sending without permission fails", true);
    }
    try {
      session.createConsumer(secret);
      check("receiving without permission fails", false);
    } catch (JMSSecurityException error) {
      check("receiving without permission fails", true);
    }
    try {
      session.createProducer(null).send(secret, session.createTextMessage("not allowed"));
      check("sending without permission over the anonymous relay fails", false);
    } catch (JMSException error) {
      check("sending without permission over the anonymous relay fails", true);
    }
    Queue open = queue(session);
    send(session, open, List.of("allowed"));
    check("the session goes on", receive(session.createConsumer(open), 1).equals(List.of("allowed")));
  }

  static void simplifiedInterface() throws Exception {
    ConnectionFactory factory = factory("admin", "admin", "");
    try (JMSContext context = factory.createContext(JMSContext.CLIENT_ACKNOWLEDGE)) {
      Queue queue = context.createQueue(name("queue"));
      context.createProducer().setProperty("colour", "red").setPriority(9).send(queue, "context");
      JMSConsumer consumer = context.createConsumer(queue, "colour = 'red'");
      Message message = consumer.receive(WAIT_MS);
      check("JMSContext", message.getBody(String.class).equals("context") && message.getJMSPriority() == 9);
      context.acknowledge();
    }
  }
}
