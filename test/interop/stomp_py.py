"""stomp.py, STOMP 1.0 to 1.2: receipts, ack modes, transactions, and messages to and from MQTT."""
import sys
import threading

import paho.mqtt.client as mqtt
import stomp

PORT, MQTT_PORT = int(sys.argv[1]), int(sys.argv[2])
WAIT_SECONDS = 20
CONNECTIONS = {
    "1.0": stomp.Connection10,
    "1.1": stomp.Connection11,
    "1.2": stomp.Connection12,
}


class Collector(stomp.ConnectionListener):
    def __init__(self, count):
        self.count = count
        self.frames = []
        self.errors = []
        self.receipts = {}
        self.done = threading.Event()

    def on_message(self, frame):
        self.frames.append(frame)
        if len(self.frames) >= self.count:
            self.done.set()

    def on_error(self, frame):
        self.errors.append(frame)
        self.done.set()

    def on_receipt(self, frame):
        self.receipts.setdefault(frame.headers["receipt-id"], threading.Event()).set()

    def receipt(self, name):
        return self.receipts.setdefault(name, threading.Event()).wait(WAIT_SECONDS)


def check(name, condition):
    print(("ok   " if condition else "FAIL ") + "stomp.py " + name)
    if not condition:
        sys.exit(1)


def connect(version, count=1):
    connection = CONNECTIONS[version]([("127.0.0.1", PORT)])
    collector = Collector(count)
    connection.set_listener("collector", collector)
    connection.connect("admin", "admin", wait=True)
    return connection, collector


def queue(version):
    connection, collector = connect(version, 100)
    name = f"/queue/stomp.py.{version}"
    for n in range(100):
        connection.send(name, str(n), persistent="true", receipt=f"r{n}")
    check(f"{version} receipts", all(collector.receipt(f"r{n}") for n in range(100)))
    connection.subscribe(name, id="1", ack="client")
    check(f"{version} all arrive", collector.done.wait(WAIT_SECONDS) and not collector.errors)
    check(f"{version} in order", [int(f.body) for f in collector.frames] == list(range(100)))
    last = collector.frames[-1].headers
    if version == "1.2":
        connection.ack(last["ack"], receipt="acked")
    elif version == "1.1":
        connection.ack(last["message-id"], "1", receipt="acked")
    else:
        connection.ack(last["message-id"], receipt="acked")
    check(f"{version} cumulative ack", collector.receipt("acked"))
    connection.disconnect()
    again, collector = connect(version, 1)
    again.send(name, "last", receipt="sent")
    collector.receipt("sent")
    again.subscribe(name, id="1", ack="auto")
    check(f"{version} nothing comes back", collector.done.wait(WAIT_SECONDS))
    check(f"{version} nothing comes back", collector.frames[0].body == "last")
    again.disconnect()


def transaction():
    connection, collector = connect("1.2", 1)
    name = "/queue/stomp.py.transaction"
    aborted = connection.begin()
    connection.send(name, "aborted", transaction=aborted)
    connection.abort(aborted)
    committed = connection.begin()
    connection.send(name, "committed", transaction=committed)
    connection.commit(committed, receipt="committed")
    check("transaction receipt", collector.receipt("committed"))
    connection.subscribe(name, id="1", ack="auto")
    collector.done.wait(WAIT_SECONDS)
    check("transaction", [f.body for f in collector.frames] == ["committed"])
    connection.disconnect()


def nack():
    connection, collector = connect("1.2", 2)
    name = "/queue/stomp.py.nack"
    connection.send(name, "again", persistent="true")
    connection.subscribe(name, id="1", ack="client-individual", headers={"prefetch-count": "1"})
    while not collector.frames and not collector.errors:
        collector.done.wait(0.01)
    connection.nack(collector.frames[0].headers["ack"])
    check("nack redelivers", collector.done.wait(WAIT_SECONDS) and len(collector.frames) == 2)
    check("nack flags", collector.frames[1].headers.get("redelivered") == "true")
    connection.disconnect()


def across():
    connection, collector = connect("1.2", 1)
    connection.subscribe("/topic/across.to.stomp", id="1", ack="auto", receipt="subscribed")
    collector.receipt("subscribed")
    arrived, received = threading.Event(), []

    def on_message(_client, _userdata, message):
        received.append(message)
        arrived.set()

    subscribed, online = threading.Event(), threading.Event()
    other = mqtt.Client(client_id="across", protocol=mqtt.MQTTv5)
    other.username_pw_set("admin", "admin")
    other.on_connect = lambda *_: online.set()
    other.on_subscribe = lambda *_: subscribed.set()
    other.on_message = on_message
    other.connect("127.0.0.1", MQTT_PORT)
    other.loop_start()
    check("mqtt connects", online.wait(WAIT_SECONDS))
    other.subscribe("across/to/mqtt", qos=1)
    check("mqtt subscribes", subscribed.wait(WAIT_SECONDS))
    other.publish("across/to/stomp", "from mqtt", qos=1)
    check("mqtt to stomp", collector.done.wait(WAIT_SECONDS))
    check("mqtt to stomp body", collector.frames[0].body == "from mqtt")
    connection.send(
        "/topic/across.to.mqtt", "from stomp", content_type="text/plain", headers={"colour": "red"}
    )
    check("stomp to mqtt", arrived.wait(WAIT_SECONDS))
    check("stomp to mqtt body", received[0].payload == b"from stomp")
    check("stomp to mqtt header", ("colour", "red") in received[0].properties.UserProperty)
    other.disconnect()
    other.loop_stop()
    connection.disconnect()


for protocol_version in CONNECTIONS:
    queue(protocol_version)
transaction()
nack()
across()
