"""One logical host: virtual address, shared disk, JP1/Base, JP1/AJS3 - Manager, and a web server.

JP1 is the stand-in. The web server is a real nginx through `ark-command`, on top of the hierarchy:
a client outside gets an answer only when all that lies below it has been started.
"""

from __future__ import annotations

import os
import shlex
import shutil
import sys
from pathlib import Path
from typing import Final

from arkcore import Process, processes
from arkcore.managers.operation_times import least_timeout
from arkcore.resources.timers import Timers
from rigs.cluster import Cluster, ClusterError, Node, SharedDisk, writer_program

IP, DISK, BASE, AJS3, WEB = LAYERS = ("ip", "disk", "base", "ajs3", "web")

#: Where the stand-in lies on each node.
ROOT: Final = "/opt/jp1"

#: Seconds. Shorter than the defaults, so that a fault is over in seconds, and real: each governs
#: here what it governs there.
TIMERS: Final = {
    "restore.process": 20.0,
    "restore.cleanup": 5.0,
    "restore.confirm": 4.0,
    "remove.process": 8.0,
    "remove.cleanup": 4.0,
    "remove.force_reserve": 4.0,
    "force_stop_wait": 2.0,
    "quickcheck.process": 6.0,
    "quickcheck.cleanup": 2.0,
    "quickcheck.confirm": 0.5,
}

#: Seconds after which a status command of JP1 is ended.
STATUS_LIMIT: Final = 2
#: Seconds between two monitors.
INTERVAL: Final = 2

_NGINX = """\
user root;
pid {pid};
error_log {mount}/web/error.log notice;
worker_processes 2;
events {{}}
http {{
    access_log off;
    client_body_temp_path {mount}/web/body; proxy_temp_path {mount}/web/proxy;
    fastcgi_temp_path {mount}/web/fastcgi; uwsgi_temp_path {mount}/web/uwsgi;
    scgi_temp_path {mount}/web/scgi;
    server {{ listen {address}:80; root {mount}/web/html; add_header X-Node $hostname; }}
}}
"""


class Service:
    """The logical host `host`; its resources are `NAME-ip`, `NAME-disk` … `NAME-web`, group NAME.

    :param number: the last part of its virtual address.
    """

    def __init__(self, cluster: Cluster, name: str, host: str, number: int) -> None:
        self.cluster = cluster
        self.name = name
        self.host = host
        self.address = cluster.network.address(number)
        self.mount = f"/srv/{name}"
        #: What the web server's lock, record and calls are named by.
        self.web = f"{name}-web"
        self.pid_file = f"/run/{name}-web.pid"
        self.disk: SharedDisk = cluster.disk()
        for node in cluster.nodes.values():
            self._set_up(node)

    @property
    def resources(self) -> tuple[str, ...]:
        """From the lowest to the highest."""
        return tuple(self.resource(layer) for layer in LAYERS)

    def resource(self, layer: str) -> str:
        return f"{self.name}-{layer}"

    # Making it.

    def _set_up(self, node: Node) -> None:
        """What is done once on each server: JP1 for this logical host, the disk's first content."""
        node.run("mkdir", "-p", self.mount)
        node.run("mount", self.disk.device, self.mount)
        self.lab(node, "install", ROOT, "--logical-host", f"{self.host}={self.mount}/jp1")
        settings = ("manager_delay=0.1", "child_delay=0.02", "stop_delay=0.2", "record_calls=1")
        self.lab(node, "set", ROOT, f"node={node.name}", *settings)
        configuration = _NGINX.format(mount=self.mount, pid=self.pid_file, address=self.address)
        script = 'mkdir -p "$0/html" && cat >"$0/nginx.conf" && echo well >"$0/html/index.html"'
        node.run("sh", "-c", script, f"{self.mount}/web", stdin=configuration)
        node.run("umount", self.mount)

    def lab(self, node: Node, *arguments: str) -> str:
        """Run `ark-lab` in a node."""
        program = Path(sys.executable).with_name("ark-lab")
        cache = f"XDG_CACHE_HOME={self.cluster.directory}/cache"
        return node.run("env", cache, str(program), *arguments).stdout

    def clear_faults(self, node: Node) -> None:
        """Take away what was made to go wrong on a node."""
        if any(node.file(f"{ROOT}/opt/lab/faults").iterdir()):
            self.lab(node, "clear", ROOT)

    def configuration(self, home: Node, priority: int = 10) -> str:
        """In the language of crm. `home` is preferred, not insisted on."""
        timers = Timers(TIMERS)
        times = [
            f"op {operation} interval={interval}s timeout={least_timeout(operation, timers)}s"
            for operation, interval in (("start", 0), ("stop", 0), ("monitor", INTERVAL))
        ]
        common = {
            "logical_host": self.host,
            "mount_points": self.mount,
            **{key.replace(".", "_"): f"{value:g}" for key, value in TIMERS.items()},
        }
        jp1 = {"root": ROOT, "status_limit": str(STATUS_LIMIT)}
        lines = [
            f"primitive {self.resource(IP)} ocf:heartbeat:IPaddr2 params ip={self.address} "
            f"cidr_netmask=24 nic=eth0 op monitor interval=10s timeout=20s",
            f"primitive {self.resource(DISK)} ocf:heartbeat:Filesystem "
            f"params device={self.disk.device} directory={self.mount} fstype=ext4 "
            f"op start timeout=60s op stop timeout=60s op monitor interval=10s timeout=40s",
        ]
        for layer, plugin, own in (
            (BASE, "jp1-base", jp1),
            (AJS3, "jp1-ajs3-manager", jp1),
            (WEB, "command", self._web()),
        ):
            parameters = " ".join(_parameter(*each) for each in (common | own).items())
            lines.append(
                f"primitive {self.resource(layer)} ocf:ark:{plugin} params {parameters} "
                f"{' '.join(times)} meta migration-threshold=2"
            )
        lines.append(f"group {self.name} {' '.join(self.resources)} meta priority={priority}")
        lines.append(f"location {self.name}-home {self.name} 50: {home.name}")
        return "\n".join(lines) + "\n"

    def _web(self) -> dict[str, str]:
        writer = [sys.executable, "-I", writer_program.__file__]
        about = [self.mount, self.web, self.pid_file]
        nginx = [find_nginx(), "-c", f"{self.mount}/web/nginx.conf", "-g", "daemon off;"]
        return {
            "start": shlex.join([*writer, "start", *about, *nginx]),
            "stop": shlex.join([*writer, "stop", *about]),
            "pid_file": self.pid_file,
            "process_name": "nginx",
        }

    # Looking at it.

    def processes(self, node: Node) -> list[Process]:
        """What runs of this logical host on a node: JP1's daemons, nginx, and who signs for it."""
        return [each for each in node.processes() if self._is_ours(each)]

    def daemons(self, node: Node, name: str) -> list[Process]:
        """Those of one name, as the kernel tells it."""
        return [each for each in self.processes(node) if each.name == name[:15]]

    def _is_ours(self, process: Process) -> bool:
        words = processes.arguments(process.pid)
        program = processes.executable(process.pid)
        if program.startswith(f"{ROOT}/"):
            host = self.host.encode()
            environment = processes.environment(process.pid)
            return host in words or b"JP1_HOSTNAME=" + host in environment
        if process.name == "nginx":
            return self._holds_our_lock(process)
        return writer_program.__file__.encode() in words and self.mount.encode() in words

    def _holds_our_lock(self, process: Process) -> bool:
        """nginx writes its title over its arguments; every process of it inherits the lock."""
        directory = f"/proc/{process.pid}/fd"
        try:
            targets = [os.readlink(f"{directory}/{each}") for each in os.listdir(directory)]
        except OSError:
            return False
        return f"{self.mount}/{self.web}.lock" in targets

    def record(self) -> str:
        """The disk's own record of writers, read where it is mounted.

        :raises ClusterError: it cannot be read.
        """
        return self._read("writers")

    def jp1_records(self) -> dict[str, str]:
        """What the processes of each product wrote on the disk: starts, stops, and DOUBLE.

        :raises ClusterError: one of them cannot be read.
        """
        products = {"JP1/Base": "jp1base", "JP1/AJS3": "jp1ajs2"}
        return {what: self._read(f"jp1/{name}/writers") for what, name in products.items()}

    def _read(self, name: str) -> str:
        for node in self.cluster.nodes.values():
            if node.mounted(self.mount):
                return node.run("cat", f"{self.mount}/{name}").stdout
        raise ClusterError(f"{self.mount} is mounted nowhere, to read {name}")


def _parameter(name: str, value: str) -> str:
    quoted = value.replace("\\", "\\\\").replace('"', '\\"')
    return f'{name}="{quoted}"'


def find_nginx() -> str:
    """The nginx of this machine, or the one that `make` has unpacked in this directory.

    :raises FileNotFoundError: there is none.
    """
    unpacked = Path.cwd() / ".deps/nginx/usr/sbin/nginx"
    found = shutil.which("nginx") or (str(unpacked) if unpacked.exists() else "")
    if not found:
        raise FileNotFoundError("no nginx: tools/unpack nginx .deps/nginx")
    return found
