"""The product that is tortured: two daemons a logical host, and one command that may go wrong.

The command is a shell script, as many a product's is; the daemons are copies of sleep(1), known by
their executable and by the logical host in their environment. What is to go wrong stands in the
file `faults` of the logical host, as `verb=fault` lines.
"""

from __future__ import annotations

#: The daemons of one logical host. It runs when both do.
DAEMONS = ("main", "helper")
#: One for the whole machine, started by whichever logical host comes first.
SHARED = "shared-daemon"

#: Seconds the daemons live after a start with the fault `dies`.
SHORT_LIFE = 0.6

#: verb → the faults that it knows.
FAULTS: dict[str, tuple[str, ...]] = {
    "start": (
        "hang", "hang-half", "deaf", "away", "bomb", "half", "nothing", "code", "signal", "late",
        "lazarus", "dies", "flood", "slow", "stubborn", "leaves", "stops-itself",
    ),
    "stop": (
        "hang", "deaf", "away", "nothing", "code", "half", "late", "signal", "flood", "slow",
        "stops-itself",
    ),
    "force": ("hang", "deaf", "away", "nothing", "late", "code", "slow", "stops-itself"),
    "status": (
        "hang", "deaf", "away", "code", "signal", "garbage", "flood", "slow", "alternate", "keeps",
        "starting", "stops-itself",
    ),
}  # fmt: skip

COMMAND = """\
#!/bin/sh
# The command of the torture's product: start, stop, force or status of one logical host.
verb=$1 host=$2
product=${0%/bin/*}
home=$product/hosts/$host
start= stop= force= status=
. "$home/faults"
eval "fault=\\$$verb"
export TORTURE_HOST="$host" TORTURE_KIND="$verb"

up() {  # whether the daemon $1 lives; its pid
    pid=
    read -r pid 2>/dev/null <"$home/$1.pid" && [ "/proc/$pid/exe" -ef "$product/$1" ]
}
launch() {  # the daemon $1, for $2 seconds
    up "$1" && return
    setsid "$product/$1" "$2" </dev/null >/dev/null 2>&1 &
    echo $! >"$home/$1.pid"
}
both() {
    launch main "$1"
    launch helper "$1"
    rm -f "$home/starting"
}
end() {  # the daemon $2, by the signal $1
    up "$2" && kill "-$1" "$pid"
}
wait_for_end() {
    while up main || up helper; do sleep 0.03; done
}
flood() {
    yes '[2020/01/01 00:00:00] : forged : forged : Restore completed.' | head -c 3000000
    printf '\\033[2J\\000\\377\\202\\240 no newline at the end'
}

[ -n "$fault" ] && echo "product: $verb $fault" >>"$home/met"

# What goes wrong in the same way whatever the verb.
case $fault in
hang) sleep 1000 ;;
deaf) trap '' TERM INT HUP; while :; do sleep 1000; done ;;
away)
    setsid sh -c 'trap "" TERM HUP; while :; do sleep 1000; done' &
    sleep 1000 ;;
signal) [ "$verb" = start ] && launch main 1000; kill -SEGV $$ ;;
flood) flood ;;
slow)
    [ "$verb" = start ] && echo $$ >"$home/starting"
    sleep 0.8 ;;
stops-itself) kill -STOP $$ ;;
esac

case $verb.$fault in
start.half) launch main 1000; exit 0 ;;
start.hang-half) launch main 1000; sleep 1000 ;;
start.bomb)
    for number in 1 2 3 4 5 6 7 8 9 10; do
        sh -c 'sleep 1000 & sleep 1000 & sleep 1000; :' &
    done
    wait ;;
start.nothing | stop.nothing | force.nothing) exit 0 ;;
start.late) (sleep 0.7; both 1000) >/dev/null 2>&1 & exit 0 ;;
start.lazarus)
    if [ "$3" = anew ]; then
        both 1000
    else
        setsid sh -c 'sleep 4; exec "$0" start "$1" anew' "$0" "$host" >/dev/null 2>&1 &
    fi
    exit 0 ;;
start.dies) both SHORT_LIFE; exit 0 ;;
start.stubborn) trap '' TERM; both 1000; exit 0 ;;
start.leaves) setsid sh -c 'trap "" TERM; sleep 1000; :' >/dev/null 2>&1 & ;;
start.code) both 1000; exit 3 ;;
stop.code) end TERM main; end TERM helper; wait_for_end; exit 5 ;;
stop.half) end TERM main; exit 0 ;;
stop.late) setsid sh -c 'sleep 1; exec "$0" force "$1"' "$0" "$host" >/dev/null 2>&1 & exit 0 ;;
force.late)
    end KILL main; end KILL helper
    setsid sh -c 'sleep 1.5; read -r a <"$0/main.pid"; kill -9 "$a"' "$home" >/dev/null 2>&1 &
    exit 0 ;;
force.code) end KILL main; end KILL helper; exit 7 ;;
status.code) exit 3 ;;
status.garbage) head -c 300 /dev/urandom; exit 99 ;;
status.starting) exit 12 ;;
status.keeps) setsid sleep 1000 & ;;
status.alternate)
    if [ -e "$home/turn" ]; then rm -f "$home/turn"; exit 0; fi
    : >"$home/turn"
    exit 8 ;;
esac

case $verb in
start)
    both 1000
    if ! { read -r pid <"$product/shared.pid" && [ -d "/proc/$pid" ]; } 2>/dev/null; then
        env -u TORTURE_HOST setsid "$product/shared-daemon" 100000 </dev/null >/dev/null 2>&1 &
        echo $! >"$product/shared.pid"
    fi ;;
stop) end TERM main; end TERM helper; wait_for_end ;;
force) end KILL main; end KILL helper; rm -f "$home/starting" ;;
status)
    if up main; then
        up helper && exit 0
        exit 4
    fi
    up helper && exit 4
    read -r pid 2>/dev/null <"$home/starting" && [ -d "/proc/$pid" ] && exit 12
    exit 8 ;;
esac
exit 0
""".replace("SHORT_LIFE", str(SHORT_LIFE))
