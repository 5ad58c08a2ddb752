# The daemon: rightd rightd.sh HOST DATA SECONDS. It serves SECONDS after its start, and not while
# it stops, which takes a while too. Its children: two workers, and one that ends with it by itself.
data=$2 until_ready=$3 lingers=0.3 spool= here=${0%/*}
read -r token <"${here%/bin}/token"
worker=$here/worker-$token pause=$here/pause-$token
exec 9>"$data/lock"
flock -n 9 || exit 0
rm -f "$data/ready" "$data/pipe"

stop() {
    rm -f "$data/ready"
    kill $workers 2>/dev/null
    # Asked to spool, it leaves behind what nobody would take for a part of it.
    [ -z "$spool" ] || env -i setsid "$worker" 3600 8>&- 9>&- </dev/null >/dev/null 2>&1 &
    "$pause" $lingers 8>&- 9>&- &
    wait $!
    rm -f "$data/pid"
    exit 0
}
trap stop TERM
trap 'spool=yes; stop' USR1
trap 'lingers=1.2; stop' USR2

mkfifo "$data/pipe"
"$here/echo-$token" <"$data/pipe" >/dev/null 9>&- &
exec 8>"$data/pipe"
"$worker" 86400 8>&- 9>&- &
workers=$!
"$worker" 86401 8>&- 9>&- &
workers="$workers $!"
echo $$ >"$data/pid"
"$pause" "$until_ready" 8>&- 9>&- &
wait $!
: >"$data/ready"
while :; do
    wait
    "$pause" 1 8>&- 9>&- &
    wait $!
done
