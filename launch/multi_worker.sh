#!/usr/bin/env bash
# Trains one run with N worker processes on this machine, as N machines would: the same command on each, one TF_CONFIG apart.
# Cost: N processes of 1 GB or more; on processors that they share, no speed is won: it is for trying.
# Command: launch/multi_worker.sh N [flags of tfgan.train]      e.g. launch/multi_worker.sh 2 --dataset=ring8 --loss=rpgan
# Each worker prints to <folder>/worker_<i>.txt (PORT and LOGS choose the first port and the folder); the exit status is that
# of the first to fail. A worker that is lost ends the others, those that still wait for it GRACE (60) seconds later; the same
# command goes on from the last checkpoint.
set -euo pipefail

if ! [[ "${1:-}" =~ ^[1-9][0-9]*$ ]]; then
  echo "usage: $0 N [flags of tfgan.train]" >&2
  exit 2
fi
count=$1
shift
port=${PORT:-21300}
logs=${LOGS:-workers}
mkdir -p "$logs"

addresses=""
for ((index = 0; index < count; index++)); do
  addresses+="${addresses:+, }\"localhost:$((port + index))\""
done

workers=()
for ((index = 0; index < count; index++)); do
  TF_CONFIG="{\"cluster\": {\"worker\": [$addresses]}, \"task\": {\"type\": \"worker\", \"index\": $index}}" \
    python -m tfgan.train --strategy=multi_worker "$@" >"$logs/worker_$index.txt" 2>&1 &
  workers+=($!)
done
trap 'kill "${workers[@]}" 2>/dev/null || true' INT TERM

status=0
grace=${GRACE:-60}
while [ -n "$(jobs -rp)" ]; do
  sleep 1
  for worker in "${workers[@]}"; do
    kill -0 "$worker" 2>/dev/null || wait "$worker" || { own=$?; [ "$status" -ne 0 ] || status=$own; }
  done
  if [ "$status" -ne 0 ] && [ "$((grace -= 1))" -eq 0 ]; then
    kill "${workers[@]}" 2>/dev/null || true
  fi
done
for worker in "${workers[@]}"; do
  wait "$worker" || { own=$?; [ "$status" -ne 0 ] || status=$own; }
done
tail -n 2 "$logs/worker_0.txt"
exit "$status"
