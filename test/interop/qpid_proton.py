"""Qpid Proton for Python, AMQP 1.0: outcomes, transactions, selectors, drain, large messages, and MQTT across."""
import hashlib
import itertools
import sys
import threading
import uuid

import paho.mqtt.client as mqtt
from proton import ConnectionException, Delivery, Message, symbol
from proton.handlers import TransactionHandler
from proton.reactor import AtMostOnce, Container, Copy, DurableSubscription, Selector
from proton.utils import BlockingConnection, LinkDetached, SendException, SyncRequestResponse

PORT, MQTT_PORT = int(sys.argv[1]), int(sys.argv[2])
URL = f"amqp://127.0.0.1:{PORT}"
WAIT_SECONDS = 20
RUN = uuid.uuid4().hex[:8]
names = itertools.count(1)


def check(name, condition):
    print(("ok   " if condition else "FAIL ") + "qpid proton " + name)
    if not condition:
        sys.exit(1)


def connect(password="admin", container_id=None):
    container = Container()
    if container_id is not None:
        container.container_id = container_id
    return BlockingConnection(
        URL,
        timeout=WAIT_SECONDS,
        container=container,
        user="admin",
        password=password,
        allowed_mechs="PLAIN",
        allow_insecure_mechs=True,
    )


def queue():
    return f"queue://proton.{RUN}.{next(names)}"


def take(receiver, seconds=WAIT_SECONDS):
    """The next message and its delivery, which nobody has settled yet."""
    message = receiver.receive(timeout=seconds)
    return message, receiver.fetcher.unsettled[-1] if receiver.fetcher.unsettled else None


def as_bytes(body):
    return body.encode() if isinstance(body, str) else bytes(body)


def settle(delivery, state, failed=False, undeliverable=False):
    delivery.local.failed = failed
    delivery.local.undeliverable = undeliverable
    delivery.update(state)
    delivery.settle()


def logins():
    connection = connect()
    check("logs in", connection.conn.transport.sasl().mech == "PLAIN")
    connection.close()
    try:
        connect(password="wrong")
        check("a wrong password is refused", False)
    except ConnectionException as error:
        check("a wrong password is refused", "unauthorized-access" in str(error))


def settle_modes():
    connection = connect()
    address = queue()
    for label, options in (("unsettled", None), ("settled", AtMostOnce())):
        sender = connection.create_sender(address, options=options)
        receiver = connection.create_receiver(address, credit=100, options=options)
        for number in range(200):
            sender.send(Message(body=number, durable=options is None))
        received = []
        for _ in range(200):
            message, delivery = take(receiver)
            received.append(message.body)
            if options is None:
                settle(delivery, Delivery.ACCEPTED)
        check(f"{label}: all arrive in order", received == list(range(200)))
        receiver.close()
        sender.close()
    connection.close()


def outcomes():
    connection = connect()
    address = queue()
    sender = connection.create_sender(address)
    receiver = connection.create_receiver(address, credit=10)
    sender.send(Message(body="again", durable=True))
    message, delivery = take(receiver)
    check("first delivery counts none before", message.delivery_count == 0)
    settle(delivery, Delivery.RELEASED)
    message, delivery = take(receiver)
    check("released comes back, not counted", message.delivery_count == 0)
    settle(delivery, Delivery.MODIFIED, failed=True)
    message, delivery = take(receiver)
    check("modified comes back, counted", message.delivery_count == 1)
    settle(delivery, Delivery.REJECTED)
    sender.send(Message(body="undeliverable", durable=True))
    message, delivery = take(receiver)
    check("rejected does not come back", message.body == "undeliverable")
    settle(delivery, Delivery.MODIFIED, undeliverable=True)
    sender.send(Message(body="last", durable=True))
    message, delivery = take(receiver)
    check("undeliverable here does not come back", message.body == "last")
    settle(delivery, Delivery.ACCEPTED)
    receiver.close()
    letters = connection.create_receiver("queue://DLQ", credit=10)
    bodies = []
    for _ in range(2):
        message, delivery = take(letters)
        bodies.append(message.body)
        settle(delivery, Delivery.ACCEPTED)
    check("both are dead letters", bodies == ["again", "undeliverable"])
    connection.close()


def unsettled_returns():
    address = queue()
    first = connect()
    first.create_sender(address).send(Message(body="left behind", durable=True))
    take(first.create_receiver(address, credit=1))
    first.close()
    second = connect()
    message, delivery = take(second.create_receiver(address, credit=1))
    check("what a client leaves unsettled comes to another", message.body == "left behind")
    settle(delivery, Delivery.ACCEPTED)
    second.close()


class Transactions(TransactionHandler):
    def __init__(self):
        super().__init__()
        self.current = None
        self.events = []

    def on_transaction_declared(self, event):
        self.current = event.transaction

    def on_transaction_committed(self, event):
        self.events.append("committed")

    def on_transaction_aborted(self, event):
        self.events.append("aborted")

    def on_transaction_commit_failed(self, event):
        self.events.append("commit failed")

    def on_transaction_declare_failed(self, event):
        self.events.append("declare failed")


def transactions():
    connection = connect()
    source, target = queue(), queue()
    feeder = connection.create_sender(source)
    for number in range(2):
        feeder.send(Message(body=number, durable=True))
    receiver = connection.create_receiver(source, credit=10)
    sender = connection.create_sender(target)
    results = connection.create_receiver(target, credit=10)
    messages = [take(receiver), take(receiver)]

    def run(number, commit):
        handler = Transactions()
        connection.container.declare_transaction(connection.conn, handler)
        connection.wait(lambda: handler.current is not None or handler.events)
        check("a transaction is declared", handler.events == [])
        message, delivery = messages[number]
        sent = handler.current.send(sender.link, Message(body=f"result {number}", durable=True))
        handler.current.accept(delivery)
        connection.wait(lambda: sent.remote_state != 0)
        if commit:
            handler.current.commit()
        else:
            handler.current.abort()
        connection.wait(lambda: handler.events)
        sent.settle()
        return handler.events

    check("abort is confirmed", run(0, commit=False) == ["aborted"])
    again, delivery = take(receiver)
    check("what an aborted transaction took comes back", again.body == 0)
    messages[0] = (again, delivery)
    check("commit is confirmed", run(1, commit=True) == ["committed"])
    message, delivery = take(results)
    check("only what was committed is sent", message.body == "result 1")
    settle(delivery, Delivery.ACCEPTED)
    check("commit is confirmed again", run(0, commit=True) == ["committed"])
    message, delivery = take(results)
    check("and what was returned can be taken in another", message.body == "result 0")
    settle(delivery, Delivery.ACCEPTED)
    feeder.send(Message(body="end", durable=True))
    check("nothing else is left", take(receiver)[0].body == "end")
    connection.close()


def selectors():
    connection = connect()
    address = queue()
    sender = connection.create_sender(address)
    for number in range(10):
        properties = {"colour": "red" if number % 2 else "blue", "number": number}
        sender.send(Message(body=number, properties=properties, durable=True))
    expression = "colour = 'red' AND number BETWEEN 3 AND 8"
    receiver = connection.create_receiver(address, credit=10, options=Selector(expression))
    bodies = [take(receiver)[0].body for _ in range(3)]
    check("a selector chooses", bodies == [3, 5, 7])
    filters = receiver.link.remote_source.filter
    filters.rewind()
    check("the broker says that it uses the selector", filters.next() is not None)
    try:
        connection.create_receiver(queue(), options=Selector("colour = = 'red'"))
        check("a wrong selector is refused", False)
    except LinkDetached as error:
        check("a wrong selector is refused", error.condition == "amqp:invalid-field")
    connection.close()


def browsing():
    connection = connect()
    address = queue()
    sender = connection.create_sender(address)
    for number in range(5):
        sender.send(Message(body=number, durable=True))
    for _ in range(2):
        browser = connection.create_receiver(address, credit=10, options=Copy())
        bodies = [take(browser)[0].body for _ in range(5)]
        check("a browser sees all and takes none", bodies == list(range(5)))
        browser.close()
    connection.close()


def request_reply():
    address = queue()
    server, client = connect(), connect()

    def serve():
        requests = server.create_receiver(address, credit=10)
        answers = server.create_sender(None)
        for _ in range(3):
            message, delivery = take(requests)
            answers.send(
                Message(
                    address=message.reply_to,
                    correlation_id=message.correlation_id,
                    body=message.body.upper(),
                )
            )
            settle(delivery, Delivery.ACCEPTED)

    thread = threading.Thread(target=serve, daemon=True)
    thread.start()
    calls = SyncRequestResponse(client, address)
    check("a dynamic source has an address", bool(calls.reply_to))
    answers = [calls.call(Message(body=text)).body for text in ("one", "two", "three")]
    check("answers come to the dynamic source, over the anonymous relay", answers == ["ONE", "TWO", "THREE"])
    thread.join(WAIT_SECONDS)
    reply_to = calls.reply_to
    client.close()
    try:
        server.create_sender(reply_to).send(Message(body="too late"))
        check("a dynamic source ends with its connection", False)
    except (LinkDetached, SendException):
        check("a dynamic source ends with its connection", True)
    server.close()


def durable_subscription():
    topic = "topic://proton.news"
    reader = connect(container_id="proton-reader")
    receiver = reader.create_receiver(topic, name="archive", options=DurableSubscription())
    writer = connect()
    sender = writer.create_sender(topic)
    sender.send(Message(body="online", durable=True))
    message, delivery = take(receiver)
    settle(delivery, Delivery.ACCEPTED)
    check("a durable subscriber receives", message.body == "online")
    receiver.link.detach()
    reader.close()
    for number in range(3):
        sender.send(Message(body=number, durable=True))
    again = connect(container_id="proton-reader")
    receiver = again.create_receiver(topic, credit=10, name="archive", options=DurableSubscription())
    bodies = []
    for _ in range(3):
        message, delivery = take(receiver)
        bodies.append(message.body)
        settle(delivery, Delivery.ACCEPTED)
    check("what came while it was away is kept", bodies == [0, 1, 2])
    receiver.close()
    sender.send(Message(body="unsubscribed", durable=True))
    receiver = again.create_receiver(topic, credit=10, name="archive", options=DurableSubscription())
    sender.send(Message(body="new", durable=True))
    check("closing the link ends the subscription", take(receiver)[0].body == "new")
    receiver.close()
    again.close()
    writer.close()


def drain():
    connection = connect()
    address = queue()
    sender = connection.create_sender(address)
    for number in range(3):
        sender.send(Message(body=number, durable=True))
    receiver = connection.create_receiver(address, credit=0)
    take(receiver)
    receiver.link.drain(100)
    connection.wait(lambda: receiver.link.credit == 0)
    rest = [message.body for message, _delivery in receiver.fetcher.incoming]
    check("drain brings what is there, and takes the credit back", rest == [1, 2])
    receiver.fetcher.incoming.clear()
    sender.send(Message(body="late", durable=True))
    check("later credit works as before", take(receiver)[0].body == "late")
    connection.close()


def large_messages():
    connection = connect()
    address = queue()
    sender = connection.create_sender(address)
    receiver = connection.create_receiver(address, credit=10)
    for size in (0, 1, 70_000, 1 << 20, 5 << 20):
        body = bytes(n % 251 for n in range(min(size, 65_536))) * (size // 65_536 or 1)
        sender.send(Message(body=body, durable=True))
        message, delivery = take(receiver)
        same = hashlib.sha256(as_bytes(message.body)).digest() == hashlib.sha256(body).digest()
        check(f"{len(body)} bytes arrive as they were sent", same)
        settle(delivery, Delivery.ACCEPTED)
    connection.close()


def fields():
    connection = connect()
    address = queue()
    sent = Message(
        id="m-1",
        subject="subject",
        reply_to="queue://answers",
        correlation_id=b"\x00\xff",
        content_type=symbol("text/plain"),
        priority=7,
        ttl=3600.0,
        group_id="group",
        group_sequence=3,
        durable=True,
        properties={"text": "ä €", "integer": 7, "float": 1.5, "true": True},
        body={"list": [1, "two", None], "nested": {"a": b"bytes"}},
    )
    connection.create_sender(address).send(sent)
    message, delivery = take(connection.create_receiver(address, credit=1))
    settle(delivery, Delivery.ACCEPTED)
    for field in (
        *("id", "subject", "reply_to", "correlation_id", "content_type", "priority", "group_id"),
        *("group_sequence", "durable", "properties", "body"),
    ):
        check(f"{field} arrives as it was sent", getattr(message, field) == getattr(sent, field))
    check("ttl is still there", 0 < message.ttl <= 3600)
    connection.close()


def across():
    connection = connect()
    receiver = connection.create_receiver("topic://across.to.amqp", credit=10)
    arrived, received = threading.Event(), []
    subscribed, online = threading.Event(), threading.Event()

    def on_message(_client, _userdata, message):
        received.append(message)
        arrived.set()

    other = mqtt.Client(client_id="proton-across", protocol=mqtt.MQTTv5)
    other.username_pw_set("admin", "admin")
    other.on_connect = lambda *_: online.set()
    other.on_subscribe = lambda *_: subscribed.set()
    other.on_message = on_message
    other.connect("127.0.0.1", MQTT_PORT)
    other.loop_start()
    check("mqtt connects", online.wait(WAIT_SECONDS))
    other.subscribe("across/amqp/mqtt", qos=1)
    check("mqtt subscribes", subscribed.wait(WAIT_SECONDS))
    other.publish("across/to/amqp", "from mqtt", qos=1).wait_for_publish(WAIT_SECONDS)
    message, delivery = take(receiver)
    settle(delivery, Delivery.ACCEPTED)
    check("mqtt to amqp", as_bytes(message.body) == b"from mqtt" and message.durable)
    connection.create_sender("topic://across.amqp.mqtt").send(
        Message(body="from amqp", durable=True, properties={"colour": "red"})
    )
    check("amqp to mqtt", arrived.wait(WAIT_SECONDS) and received[0].payload == b"from amqp")
    check("amqp to mqtt property", ("colour", "red") in received[0].properties.UserProperty)
    other.disconnect()
    other.loop_stop()
    connection.close()


TESTS = (
    *(logins, settle_modes, outcomes, unsettled_returns, transactions, selectors, browsing),
    *(request_reply, durable_subscription, drain, large_messages, fields, across),
)
chosen = sys.argv[3:]
for test in TESTS:
    if not chosen or test.__name__ in chosen:
        test()
