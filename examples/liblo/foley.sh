#!/bin/sh
# Asks foleyd for a sound with liblo's tools: sh foley.sh [class] [seed]
# oscsend sends from a port it leaves at once, so the message says that its answers go to the one oscdump listens on.
set -eu
class=${1:-DogBark}
seed=${2:-42}
port=${FOLEYD_OSC_PORT:-9248}
reply=${FOLEYD_REPLY_PORT:-9249}
id="liblo-$$"
heard=$(mktemp)

# -L: a line at a time, although it writes to a file.
oscdump -L "$reply" >"$heard" 2>/dev/null &
dump=$!
trap 'kill "$dump" 2>/dev/null || true; rm -f "$heard"' EXIT

# Until an answer is heard: what comes before oscdump listens is lost.
tries=0
until grep -q "ready-$id" "$heard"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 50 ]; then
    echo "failed: nothing answers on port $port" >&2
    exit 1
  fi
  oscsend localhost "$port" "/foley/reply/$reply/foley/ping" s "ready-$id"
  sleep 0.2
done

oscsend localhost "$port" "/foley/reply/$reply/foley/generate" ssi "$id" "$class" "$seed"

tries=0
until grep -qE "/foley/(done|failed) [a-z]+ \"$id\"" "$heard"; do
  tries=$((tries + 1))
  if [ "$tries" -gt 300 ]; then
    echo "failed: the server has not finished after a minute" >&2
    exit 1
  fi
  sleep 0.2
done
grep -v "ready-" "$heard"
grep -q "/foley/done" "$heard"
