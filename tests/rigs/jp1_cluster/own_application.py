"""An application of two processes and a disk, protected by `ark-command`; what it does can fail.

What is to go wrong is a piece of shell in /etc/app/COMMAND of a node, read by that command first.
"""

from __future__ import annotations

from typing import Final

from arkcore.managers.operation_times import least_timeout
from arkcore.resources.timers import Timers
from rigs.cluster import Cluster, Node, SharedDisk

NAME: Final = "app"
DISK: Final = "app-disk"
MOUNT: Final = "/srv/app"
MAIN, WORKER = "app-main", "app-worker"

#: Seconds; as short as lets each of them be seen at work.
TIMERS: Final = {
    "restore.process": 8.0,
    "restore.cleanup": 4.0,
    "restore.confirm": 2.0,
    "remove.process": 6.0,
    "remove.cleanup": 4.0,
    "remove.force_reserve": 3.0,
    "force_stop_wait": 1.0,
    "quickcheck.process": 4.0,
    "quickcheck.cleanup": 2.0,
    "quickcheck.confirm": 0.5,
}

_PROGRAM = """\
#!/bin/sh
# app start | stop | force | status. /etc/app/COMMAND says what goes wrong in it.
cd /
half= brief=
[ ! -e "/etc/app/$1" ] || . "/etc/app/$1"
pid() { [ -e "/run/$1.pid" ] && cat "/run/$1.pid"; }
alive() { kill -0 "$(pid "$1")" 2>/dev/null; }
end() { kill "-$1" "$(pid "$2")" 2>/dev/null; }
begin() {
    "/opt/app/$1" $brief </dev/null >/dev/null 2>&1 &
    echo $! >"/run/$1.pid"
}
case $1 in
start)
    date >>/srv/app/journal
    begin app-main
    [ "$half" ] || begin app-worker
    ;;
stop)
    date >>/srv/app/journal
    end TERM app-worker
    end TERM app-main
    for _ in 1 2 3 4 5 6 7 8 9 10; do
        alive app-main || alive app-worker || break
        sleep 0.1
    done
    rm -f /run/app-main.pid /run/app-worker.pid
    ;;
force)
    end KILL app-worker
    end KILL app-main
    rm -f /run/app-main.pid /run/app-worker.pid
    ;;
status)
    ! mountpoint -q /srv/app || date >/srv/app/asked
    main=1 worker=1
    alive app-main || main=0
    alive app-worker || worker=0
    case $main$worker in
    11) exit 0 ;;
    00) exit 3 ;;
    esac
    echo "main $main worker $worker"
    exit 5
    ;;
esac
"""
_DAEMON = """\
#!/bin/sh
for _ in $(seq "${1:-1000000}"); do
    sleep 1
done
"""


class OwnApplication:
    """The resources `app-disk` and `app`, group `app-group`, at home on `home`."""

    group: Final = "app-group"
    resources: Final = (DISK, NAME)

    def __init__(self, cluster: Cluster, home: Node) -> None:
        self.disk: SharedDisk = cluster.disk(16)
        for node in cluster.nodes.values():
            node.run("mkdir", "-p", MOUNT, "/opt/app", "/etc/app")
            for name, text in (("app", _PROGRAM), (MAIN, _DAEMON), (WORKER, _DAEMON)):
                script = f"cat >/opt/app/{name} && chmod 755 /opt/app/{name}"
                node.run("sh", "-c", script, stdin=text)
        cluster.crm(self._configuration(home))

    def _configuration(self, home: Node) -> str:
        timers = Timers(TIMERS)
        times = " ".join(
            f"op {operation} interval={interval}s timeout={least_timeout(operation, timers)}s"
            for operation, interval in (("start", 0), ("stop", 0), ("monitor", 2))
        )
        parameters = {
            "logical_host": "APPHOST",
            "mount_points": MOUNT,
            "start": "/opt/app/app start",
            "stop": "/opt/app/app stop",
            "force_stop": "/opt/app/app force",
            "status": "/opt/app/app status",
            "status_codes": "0=RUNNING 3=STOPPED 5=PARTIAL",
            "pid_file": f"/run/{MAIN}.pid",
            **{key.replace(".", "_"): f"{value:g}" for key, value in TIMERS.items()},
        }
        given = " ".join(f'{key}="{value}"' for key, value in parameters.items())
        return (
            f"primitive {DISK} ocf:heartbeat:Filesystem "
            f"params device={self.disk.device} directory={MOUNT} fstype=ext4 "
            f"op start timeout=60s op stop timeout=60s\n"
            f"primitive {NAME} ocf:ark:command params {given} {times} "
            f"meta migration-threshold=2\n"
            f"group {self.group} {DISK} {NAME}\n"
            f"location app-home {self.group} 50: {home.name}\n"
        )

    @staticmethod
    def fault(node: Node, command: str, shell: str) -> None:
        """Let a command go wrong on a node: `shell` runs in it before anything else."""
        node.run("sh", "-c", f"cat >/etc/app/{command}", stdin=shell + "\n")

    @staticmethod
    def clear_faults(node: Node) -> None:
        node.run("sh", "-c", "rm -f /etc/app/*")
