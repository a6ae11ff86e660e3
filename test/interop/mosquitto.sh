#!/usr/bin/env bash
# mosquitto_pub and mosquitto_sub, MQTT 3.1.1 and 5: every QoS, retained, wills, sessions, shared.
set -euo pipefail
port=$1
pub() { mosquitto_pub -h 127.0.0.1 -p "$port" -u admin -P admin "$@"; }
sub() { timeout 20 mosquitto_sub -h 127.0.0.1 -p "$port" -u admin -P admin "$@"; }
check() { # name expected actual
  if [ "$2" = "$3" ]; then echo "ok   mosquitto $1"; else echo "FAIL mosquitto $1: expected '$2', got '$3'"; exit 1; fi
}

for version in 311 5; do
  for qos in 0 1 2; do
    # A retained message reaches whoever subscribes later: no race between the two programs.
    pub -V "$version" -t "interop/$version/$qos" -q "$qos" -r -m "hello $qos"
    got=$(sub -V "$version" -t "interop/$version/$qos" -q "$qos" -C 1)
    check "v$version qos $qos retained" "hello $qos" "$got"
  done
  # A session keeps messages while its client is away.
  sub -V "$version" -t "away/$version/#" -q 2 -i "away-$version" -c -x 3600 -E 2>/dev/null ||
    sub -V "$version" -t "away/$version/#" -q 2 -i "away-$version" -c -E
  for n in 1 2 3; do pub -V "$version" -t "away/$version/$n" -q 2 -m "kept $n"; done
  if [ "$version" = 5 ]; then extra=(-x 3600); else extra=(); fi
  got=$(sub -V "$version" -t "away/$version/#" -q 2 -i "away-$version" -c "${extra[@]}" -C 3 | tr '\n' ' ')
  check "v$version session" "kept 1 kept 2 kept 3 " "$got"
done

pub -t 'interop/5/0' -r -n
pub -V 5 -t props -q 1 -r -m body -D publish content-type text/plain -D publish user-property a 1 \
  -D publish user-property a 2 -D publish response-topic answers -D publish correlation-data c1
got=$(sub -V 5 -t props -C 1 -F '%C %R %D %P %p')
check 'v5 properties' 'text/plain answers c1 a:1 a:2 body' "$got"

pub -t '$queue/interop.work' -q 1 -m 'one job'
got=$(sub -t '$queue/interop.work' -q 1 -C 1)
check 'queue' 'one job' "$got"

if mosquitto_pub -h 127.0.0.1 -p "$port" -u admin -P wrong -t x -m x 2>/dev/null; then check 'wrong password' refused accepted; fi
echo "ok   mosquitto wrong password"
