"""Eclipse Paho for Python, MQTT 3.1.1 and 5: pipelined publishes, sessions, shared subscriptions."""
import sys
import threading

import paho.mqtt.client as mqtt
from paho.mqtt.packettypes import PacketTypes
from paho.mqtt.properties import Properties

PORT = int(sys.argv[1])
WAIT_SECONDS = 20


def client(name, version, **options):
    made = mqtt.Client(client_id=name, protocol=version, **options)
    made.username_pw_set("admin", "admin")
    return made


def connected(made, **options):
    done = threading.Event()
    made.on_connect = lambda *_: done.set()
    made.connect("127.0.0.1", PORT, **options)
    made.loop_start()
    assert done.wait(WAIT_SECONDS), "no CONNACK"
    return made


def subscribe(made, *args, **options):
    done = threading.Event()
    made.on_subscribe = lambda *_: done.set()
    made.subscribe(*args, **options)
    assert done.wait(WAIT_SECONDS), "no SUBACK"


def collect(made, count):
    received, done = [], threading.Event()

    def on_message(_client, _userdata, message):
        received.append(message)
        if len(received) == count:
            done.set()

    made.on_message = on_message
    return received, done


def check(name, condition):
    print(("ok   " if condition else "FAIL ") + "paho " + name)
    if not condition:
        sys.exit(1)


def pipelined(version, label):
    for qos in (0, 1, 2):
        topic = f"paho/{label}/{qos}"
        reader = connected(client(f"reader-{label}-{qos}", version))
        received, done = collect(reader, 500)
        subscribe(reader, topic, qos=qos)
        writer = connected(client(f"writer-{label}-{qos}", version))
        writer.max_inflight_messages_set(100)
        sent = [writer.publish(topic, str(n), qos=qos) for n in range(500)]
        for info in sent:
            info.wait_for_publish(WAIT_SECONDS)
        check(f"{label} qos {qos}: all arrive", done.wait(WAIT_SECONDS))
        numbers = [int(message.payload) for message in received]
        check(f"{label} qos {qos}: in order, once", numbers == list(range(500)))
        for made in (reader, writer):
            made.disconnect()
            made.loop_stop()


def will(version, label):
    reader = connected(client(f"mourner-{label}", version))
    received, done = collect(reader, 1)
    subscribe(reader, f"wills/{label}", qos=1)
    victim = client(f"victim-{label}", version)
    victim.will_set(f"wills/{label}", "gone", qos=1)
    connected(victim)
    victim.loop_stop()
    victim.socket().close()
    check(f"{label} will", done.wait(WAIT_SECONDS) and received[0].payload == b"gone")
    reader.disconnect()
    reader.loop_stop()


def shared():
    members = []
    counts = [0, 0]
    done = threading.Event()

    def count(index):
        def on_message(_client, _userdata, _message):
            counts[index] += 1
            if sum(counts) == 100:
                done.set()

        return on_message

    for index in (0, 1):
        member = connected(client(f"member-{index}", mqtt.MQTTv5))
        member.on_message = count(index)
        subscribe(member, "$share/group/jobs/#", qos=1)
        members.append(member)
    writer = connected(client("writer-shared", mqtt.MQTTv5))
    for n in range(100):
        writer.publish(f"jobs/{n}", "x", qos=1)
    check("v5 shared subscription", done.wait(WAIT_SECONDS) and min(counts) > 0)
    for made in (*members, writer):
        made.disconnect()
        made.loop_stop()


def session():
    properties = Properties(PacketTypes.CONNECT)
    properties.SessionExpiryInterval = 600
    first = connected(client("sleeper", mqtt.MQTTv5), clean_start=True, properties=properties)
    subscribe(first, "sleep/#", qos=1)
    first.disconnect()
    first.loop_stop()
    writer = connected(client("writer-session", mqtt.MQTTv5))
    for n in range(10):
        writer.publish(f"sleep/{n}", str(n), qos=1).wait_for_publish(WAIT_SECONDS)
    second = client("sleeper", mqtt.MQTTv5)
    received, done = collect(second, 10)
    connected(second, clean_start=False, properties=properties)
    check("v5 session", done.wait(WAIT_SECONDS))
    check("v5 session order", [int(m.payload) for m in received] == list(range(10)))
    for made in (second, writer):
        made.disconnect()
        made.loop_stop()


for protocol, name in ((mqtt.MQTTv311, "v311"), (mqtt.MQTTv5, "v5")):
    pipelined(protocol, name)
    will(protocol, name)
shared()
session()
