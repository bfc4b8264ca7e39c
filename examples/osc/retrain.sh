#!/bin/sh
# Trains a voice over OSC, with liblo's tools: sh retrain.sh VOICE DATASET [NAME VALUE ...]
#
#   foleyd serve --osc-role admin                    (OSC carries no token: for a machine of one person)
#   sh retrain.sh creaks my-footsteps minutes 20     (from the active voice)
#   sh retrain.sh bells beeps scratch on preset tiny steps 24
#
# NAME VALUE are arguments of admin.retrain, in protocol/PROTOCOL.md. Ctrl-C leaves the training running; hear it again
# with /foley/admin/attach, end it with /foley/admin/cancel. A new voice sounds after /foley/admin/activate.
set -eu
if [ $# -lt 2 ]; then
  echo "usage: sh retrain.sh VOICE DATASET [NAME VALUE ...]" >&2
  exit 2
fi
voice=$1
port=${FOLEYD_OSC_PORT:-9248}
reply=${FOLEYD_REPLY_PORT:-9249}
id="retrain-$$"
heard=$(mktemp)

# -L: a line at a time, although it writes to a file.
oscdump -L "$reply" >"$heard" 2>/dev/null &
dump=$!
trap 'kill "$dump" 2>/dev/null || true; rm -f "$heard"' EXIT
trap 'exit 130' INT TERM

# Until an answer is heard: what comes before oscdump listens is lost.
waited=0
until grep -q "ready-$id" "$heard"; do
  waited=$((waited + 1))
  if [ "$waited" -gt 50 ]; then
    echo "failed: nothing answers on port $port" >&2
    exit 1
  fi
  oscsend localhost "$port" "/foley/reply/$reply/foley/ping" s "ready-$id"
  sleep 0.2
done
told=$(wc -l <"$heard")

# Every word is sent as a string: foleyd reads numbers and switches from them.
types=s
for word in "$@"; do types="${types}s"; done
oscsend localhost "$port" "/foley/reply/$reply/foley/admin/retrain" "$types" "$id" "$@"

while :; do
  # Looked for before the lines are shown: what ends it is shown, too.
  ended=
  if grep -q "/foley/failed [a-z]* \"$id\"" "$heard"; then ended=failed; fi
  if grep -q "/foley/done [a-z]* \"$id\"" "$heard"; then ended=done; fi
  lines=$(wc -l <"$heard")
  if [ "$lines" -gt "$told" ]; then
    sed -n "$((told + 1)),${lines}p" "$heard" | sed -E '/ready-/d; s|^([^ ]+ )?/foley/||'
    told=$lines
  fi
  if [ "$ended" = failed ]; then exit 1; fi
  if [ "$ended" = done ]; then break; fi
  sleep 0.2
done
echo "done: $voice; to make it sound: oscsend localhost $port /foley/admin/activate ss activate1 $voice"
