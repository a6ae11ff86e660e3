#!/usr/bin/env bash
# Conversations with clients of other languages: installs them from Debian's packages, Maven Central
# and the Go module proxy, starts the built broker on free ports and lets them talk to it. Needs
# root only while packages are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive
# A client that waits longer than this has lost something.
limit=90
# From here on, Go fetches the release that a go.mod asks for by itself.
go_minor_min=21

missing=()
has_python() { /usr/bin/python3 -c "import $1" 2>/dev/null; }
command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients)
has_python paho.mqtt.client || missing+=(python3-paho-mqtt)
has_python stomp || missing+=(python3-stomp)
has_python proton.utils || missing+=(python3-qpid-proton)
[ -e /usr/lib/"$(uname -m)"-linux-gnu/sasl2/libplain.so.2 ] || missing+=(libsasl2-modules)
command -v javac >/dev/null || missing+=(default-jdk-headless)
command -v mvn >/dev/null || missing+=(maven)
go=$(command -v go || true)
[ -n "$go" ] || missing+=(golang-go)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
  go=$(command -v go)
fi

folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT

mvn -q -B -f test/interop/qpid-jms/pom.xml dependency:copy-dependencies \
  -DoutputDirectory="$folder/jars" >"$folder/maven" 2>&1 || { cat "$folder/maven"; exit 1; }
go_minor=$("$go" env GOVERSION | sed -n 's/^go1\.\([0-9]*\).*/\1/p')
if [ "${go_minor:-0}" -ge "$go_minor_min" ]; then
  (cd test/interop/go-amqp && GOTOOLCHAIN=auto "$go" build -o "$folder/go-amqp" . 2>"$folder/go") ||
    { cat "$folder/go"; exit 1; }
fi

node packages/cli/bin/causeway.js start --config test/interop/causeway.yaml --data "$folder/data" \
  >"$folder/out" 2>"$folder/log" &
broker=$!
for _ in $(seq 100); do
  grep -q '^ready' "$folder/out" && break
  kill -0 "$broker" 2>/dev/null || { cat "$folder/log"; exit 1; }
  sleep 0.1
done
port() { sed -n "s/^ready.* $1=127\.0\.0\.1:\([0-9]*\).*/\1/p" "$folder/out"; }
mqtt=$(port mqtt)
stomp=$(port stomp)
amqp=$(port amqp)
[ -n "$mqtt" ] && [ -n "$stomp" ] && [ -n "$amqp" ] || { cat "$folder/out" "$folder/log"; exit 1; }

run() {
  timeout "$limit" "$@" && return
  echo "interop: $* ended with $? (124: it took more than $limit seconds)"
  tail -n 20 "$folder/log"
  exit 1
}
run bash test/interop/mosquitto.sh "$mqtt"
run /usr/bin/python3 test/interop/paho_mqtt.py "$mqtt"
run /usr/bin/python3 test/interop/stomp_py.py "$stomp" "$mqtt"
run /usr/bin/python3 test/interop/qpid_proton.py "$amqp" "$mqtt"
run java -cp "$folder/jars/*" test/interop/qpid-jms/Interop.java "$amqp"
left_out=
if [ -e "$folder/go-amqp" ]; then
  run "$folder/go-amqp" "$amqp"
else
  left_out=", without go-amqp: it needs Go 1.$go_minor_min, and this is $("$go" env GOVERSION)"
fi

kill "$broker"
wait "$broker" && code=0 || code=$?
broker=
[ "$code" = 0 ] || { echo "the broker ended with $code"; cat "$folder/log"; exit 1; }
echo "interop: all clients agree$left_out"
