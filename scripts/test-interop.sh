#!/usr/bin/env bash
# Conversations with clients of other languages: installs them from Debian's packages, starts the
# built broker on free ports and lets them talk to it. Needs root only while packages are missing.
set -euo pipefail
cd "$(dirname "$0")/.."
export DEBIAN_FRONTEND=noninteractive

missing=()
command -v mosquitto_pub >/dev/null || missing+=(mosquitto-clients)
/usr/bin/python3 -c 'import paho.mqtt.client' 2>/dev/null || missing+=(python3-paho-mqtt)
/usr/bin/python3 -c 'import stomp' 2>/dev/null || missing+=(python3-stomp)
if [ ${#missing[@]} -gt 0 ]; then
  apt-get update -qq
  apt-get install -y -qq --no-install-recommends "${missing[@]}" >/dev/null
fi

folder=$(mktemp -d)
broker=
trap '[ -z "$broker" ] || kill "$broker" 2>/dev/null || true; rm -rf "$folder"' EXIT

node packages/cli/bin/causeway.js start --config test/interop/causeway.yaml --data "$folder/data" \
  >"$folder/out" 2>"$folder/log" &
broker=$!
for _ in $(seq 100); do
  grep -q '^ready' "$folder/out" && break
  kill -0 "$broker" 2>/dev/null || { cat "$folder/log"; exit 1; }
  sleep 0.1
done
mqtt=$(sed -n 's/^ready.* mqtt=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/out")
stomp=$(sed -n 's/^ready.* stomp=127\.0\.0\.1:\([0-9]*\).*/\1/p' "$folder/out")
[ -n "$mqtt" ] && [ -n "$stomp" ] || { cat "$folder/out" "$folder/log"; exit 1; }

bash test/interop/mosquitto.sh "$mqtt"
/usr/bin/python3 test/interop/paho_mqtt.py "$mqtt"
/usr/bin/python3 test/interop/stomp_py.py "$stomp" "$mqtt"

kill "$broker"
wait "$broker" && code=0 || code=$?
broker=
[ "$code" = 0 ] || { echo "the broker ended with $code"; cat "$folder/log"; exit 1; }
echo "interop: all clients agree"
