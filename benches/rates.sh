# What the benches share: how a command is measured, and what is made of it. Sourced; needs `stop`.

# Runs a command to its end; adds its rate, for $2 rows, to the file $1.rates, and the peak of its memory in KiB to $1.memory.
measure() {
  local name=$1 of=$2 begun ended status=0 command sampler key value
  shift 2
  echo 0 >peak
  begun=$EPOCHREALTIME
  "$@" >run.log 2>&1 &
  command=$!
  # aside, so that the end is seen when it comes; seldom, and by no program, since the command may have use for all cores
  while [[ -r /proc/$command/status ]]; do
    while read -r key value _; do [[ $key != VmHWM: ]] || echo "$value" >peak; done <"/proc/$command/status"
    sleep 0.05
  done 2>/dev/null &
  sampler=$!
  wait $command || status=$?
  ended=$EPOCHREALTIME
  wait $sampler || true
  ((status == 0)) || { tail -n 5 run.log >&2; stop "\`$*\` ended with $status"; }
  echo $((of * 1000000 / (${ended/[.,]/} - ${begun/[.,]/}))) >>"$name.rates"
  cat peak >>"$name.memory"
}

median() { sort -n "$1" | awk '{ value[NR] = $1 } END { print (value[int((NR + 1) / 2)] + value[int(NR / 2) + 1]) / 2 }'; }

spread() { sort -n "$1" | awk 'NR == 1 { least = $1 } END { print least "-" $1 }'; }

goal() { # $1 by $2, at least $3
  awk -v name="$1" -v other="$2" -v least="$3" -v rate="$(median "$1.rates")" -v base="$(median "$2.rates")" \
    'BEGIN { printf "goal: %s >= %s x %s: %.2f, %s\n", name, least, other, rate / base, (rate / base >= least ? "met" : "MISSED") }'
}
