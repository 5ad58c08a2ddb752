"""Two test hosts: real network namespaces on two real bridges, and what else a host is made of.

The service LAN and the heartbeat LAN are bridges in a namespace of their own; each host is a
namespace with a link to both, its own host name, its own files (`root`) and its own programs
(`bin`): `ip`, `ping` and `findmnt` are the machine's, what needs hardware or a service is a small
program that prints what the real one prints. A namespace lives as long as the process that holds
it, and that one dies with the test's: nothing is left behind, and no name can clash.
"""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

DRIVER = Path(__file__).with_name("in_host.py")
GIB = 1 << 30
#: The levels that a right pair has none of.
WRONG = ("warn", "fail", "unknown")

SITE = """\
topology = "standby"
packages = ["patch", "psmisc"]
confirmed = ["T4-3 #1"]

[[nodes]]
name = "rh5lka"
service = "192.0.2.1"
heartbeat = ["198.51.100.1"]

[[nodes]]
name = "rh5lkb"
service = "192.0.2.2"
heartbeat = ["198.51.100.2"]

[[logical_hosts]]
name = "LVMRH5LKB"
address = "192.0.2.10"
mount_point = "{mount_point}"
device = "/dev/mapper/jp1"
multipath = true

[logical_hosts.resources]
lkjp1_base = "jp1-base"
lkjp1_ajs3 = "jp1-ajs3-manager"
"""

HOSTS = """\
127.0.0.1 localhost
192.0.2.1 rh5lka
192.0.2.2 rh5lkb.example.com rh5lkb  # the standby
192.0.2.10 LVMRH5LKB
"""

BOND = """\
Ethernet Channel Bonding Driver: v5.14.0

Bonding Mode: fault-tolerance (active-backup)
Currently Active Slave: ens1
MII Status: up
MII Polling Interval (ms): 100

Slave Interface: ens1
MII Status: up
Speed: 10000 Mbps

Slave Interface: ens2
MII Status: up
Speed: 10000 Mbps
"""

MOUNTS = "31 23 0:28 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate\n"

LIMITS = """\
Limit                     Soft Limit           Hard Limit           Units
Max processes             63000                63000                processes
Max open files            65536                524288               files
Max locked memory         8388608              8388608              bytes
"""

#: What the kernel and systemd show of a right node, by path.
NODE = {
    "/proc/self/uid_map": "         0          0 4294967295\n",
    "/proc/self/status": "Name:\tpython3\nUid:\t0\t0\t0\t0\nCapEff:\t000001ffffffffff\n",
    "/proc/self/mountinfo": MOUNTS,
    "/proc/4711/cgroup": "0::/system.slice/lifekeeper.service\n",
    "/proc/4711/limits": LIMITS,
    "/usr/lib/systemd/system/lifekeeper.service": "[Service]\nType=simple\n",
    "/usr/lib/systemd/system/chronyd.service": "[Service]\nType=forking\n",
    "/usr/lib/systemd/system/multipathd.service": "[Service]\nType=notify\n",
}
WANTS = "/etc/systemd/system/multi-user.target.wants"
#: The same for symbolic links.
LINKS = {
    "/proc/self/ns/pid": "pid:[4026531836]",
    **{
        f"{WANTS}/{unit}.service": f"/usr/lib/systemd/system/{unit}.service"
        for unit in ("lifekeeper", "chronyd", "multipathd")
    },
}

PATHS = """\
jp1 (360000000000000000e00000000010001) dm-2 IET,VIRTUAL-DISK
size=10G features='0' hwhandler='0' wp=rw
`-+- policy='service-time 0' prio=1 status=active
  |- 2:0:0:1 sdb 8:16 active ready running
  `- 3:0:0:1 sdc 8:32 active ready running
"""


def make_node(root: Path) -> None:
    """Write what the kernel and systemd show of a right node beneath `root`."""
    for path, text in NODE.items():
        file = root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)
    for path, target in LINKS.items():
        link = root / path.lstrip("/")
        link.parent.mkdir(parents=True, exist_ok=True)
        link.symlink_to(target)


class Namespace:
    """A network namespace, held by a process that dies with this one."""

    def __init__(self) -> None:
        self._holder = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--net",
             "sh", "-c", "echo; exec sleep 1000"],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
        )  # fmt: skip
        assert self._holder.stdout is not None
        self._holder.stdout.readline()

    @property
    def pid(self) -> int:
        return self._holder.pid

    def ip(self, *lines: str) -> None:
        """Run each line as a command of ip(8)."""
        subprocess.run(
            ["nsenter", "-t", str(self.pid), "--net", "ip", "-batch", "-"],
            input="\n".join(lines) + "\n",
            text=True,
            check=True,
            capture_output=True,
        )

    def close(self) -> None:
        self._holder.kill()
        self._holder.communicate()


class Host:
    """One host. `index`: 1 for the active one, 2 for the standby."""

    def __init__(self, directory: Path, index: int) -> None:
        self.name = ("rh5lka", "rh5lkb")[index - 1]
        self.host_name = self.name
        self.index = index
        self.namespace = Namespace()
        self.root = directory / "root"
        self.bin = directory / "bin"
        self.prefix = directory / "prefix"
        self.products = directory / "products"
        self.packages = directory / "packages"
        self.mount_point = directory.parent / "shared"
        #: Where both hosts have their product.
        self.installed = directory.parent / "installed"
        #: Where this host's user finds programs before all others.
        self.search = self.bin
        #: Commands that mount more on it, in its own mount namespace.
        self.mounts: list[str] = []
        #: Seconds by which its clock is ahead.
        self.ahead = 0.0
        self._make_files()
        self._make_programs()
        self._make_products()

    # What it is made of.

    def write(self, path: str, text: str) -> None:
        """A file of the host, beneath its root."""
        file = self.root / path.lstrip("/")
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def change(self, path: str, old: str, new: str) -> None:
        """Replace text in a file of the host that holds it."""
        file = self.root / path.lstrip("/")
        text = file.read_text()
        assert old in text
        file.write_text(text.replace(old, new))

    def program(self, name: str, script: str) -> None:
        file = self.bin / name
        file.unlink(missing_ok=True)
        file.write_text(f"#!/bin/sh\n{script}\n")
        file.chmod(0o755)

    def prints(self, name: str, text: str) -> None:
        self.program(name, f"cat <<'END'\n{text}\nEND")

    def site(self, old: str = "", new: str = "") -> None:
        """Write the site file, with a change."""
        text = SITE.format(mount_point=self.mount_point)
        assert old in text
        self._ours("site.toml", text.replace(old, new) if old else text)

    def resource(self, name: str, plugin: str, more: str = "", *, options: str = "") -> None:
        text = f'plugin = "{plugin}"\nlogical_host = "LVMRH5LKB"\n'
        if name == "lkjp1_base":
            text += f'mount_points = ["{self.mount_point}"]\n'
        text += more
        text += f'[options]\nroot = "{self.installed}"\n{options}'
        self._ours(f"resources/{name}.toml", text)

    def _ours(self, path: str, text: str) -> None:
        file = self.prefix / "etc/ark" / path
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(text)

    def lifekeeper(self, state: str, settings: str = "LKCHECKINTERVAL=120\n") -> None:
        """A LifeKeeper that holds each resource in `state`."""
        root = self.prefix / "LifeKeeper"
        (root / "bin").mkdir(parents=True, exist_ok=True)
        # ins_list -t TAG: fields separated by byte 1.
        line = "\\001".join([self.name, "gen", "app", "%s", "id", "ark", state])
        program = root / "bin/ins_list"
        program.write_text(f"#!/bin/sh\nprintf '{line}\\n' \"$2\"\n")
        program.chmod(0o755)
        defaults = self.prefix / "etc/default/LifeKeeper"
        defaults.parent.mkdir(parents=True, exist_ok=True)
        defaults.write_text(f"LKROOT={root}\n{settings}")

    def mount_disk(self, source: str = "/dev/mapper/jp1", number: str = "253:2") -> None:
        """Show its disk, or another, as mounted where the site file says."""
        line = f"77 1 {number} / {self.mount_point} rw - ext4 {source} rw\n"
        self.write("/proc/self/mountinfo", line + MOUNTS)

    def unmount_disk(self) -> None:
        self.write("/proc/self/mountinfo", MOUNTS)

    def disk(self, size: int = 10 * GIB, uuid: str = "6f1c-d15c", kind: str = "mpath") -> None:
        """What lsblk shows of the logical host's disk."""
        disks = [{"name": disk, "type": "disk", "size": size} for disk in ("sdb", "sdc")]
        top = {"name": "jp1", "type": kind, "size": size, "fstype": "ext4", "uuid": uuid,
               "maj:min": "253:2"}  # fmt: skip
        shown = {"blockdevices": [{**top, "partuuid": None, "children": disks}]}
        self.prints("lsblk", json.dumps(shown))

    def chrony(self, sources: str = "^*,203.0.113.5,2,6,377,21", offset: float = 0.0001) -> None:
        tracking = f"CB007105,203.0.113.5,3,1700000000.0,{offset:.9f},0.0,0.0,1.0,0.0,0.1"
        sources = ",".join((sources[0], sources[1:])) if sources else ""
        self.program(
            "chronyc",
            f"case $* in *sources) echo '{sources}' ;; *tracking) echo '{tracking}' ;; esac",
        )

    def rpm(self, *missing: str) -> None:
        """rpm -q: a line for each package, and as return code how many are missing."""
        lines = [
            f"package {name} is not installed" if name in missing else f"installed {name}"
            for name in ("patch", "psmisc")
        ]
        self.program("rpm", "\n".join([f"echo '{line}'" for line in lines]) +
                     f"\nexit {len(missing)}")  # fmt: skip

    def _make_files(self) -> None:
        self.write("/etc/hosts", HOSTS)
        self.write("/proc/net/bonding/bond0", BOND)
        self.write("/proc/cmdline", "root=/dev/vda1 ro\n")
        self.write("/etc/selinux/config", "# SELinux\nSELINUX=disabled\nSELINUXTYPE=targeted\n")
        self.write("/etc/fstab", "")
        self.write("/etc/nsswitch.conf", "passwd: files\nhosts:  files dns [NOTFOUND=return]\n")
        make_node(self.root)
        self.site()
        self.resource("lkjp1_base", "jp1-base")
        self.resource("lkjp1_ajs3", "jp1-ajs3-manager", 'requires = ["lkjp1_base"]\n')

    def _make_programs(self) -> None:
        self.bin.mkdir()
        for name in ("ip", "ping", "findmnt", "cat"):
            found = shutil.which(name, path="/usr/sbin:/usr/bin:/sbin:/bin")
            assert found, name
            (self.bin / name).symlink_to(found)
        self.prints("multipath", PATHS)
        self.disk()
        self.chrony()
        self.rpm()

    def _make_products(self) -> None:
        for path in (
            *(f"etc/opt/jp1base/jbs_{name}.cluster" for name in ("start", "stop", "killall")),
            *(f"etc/opt/jp1ajs2/jajs_{name}.cluster" for name in ("start", "stop", "killall")),
            "opt/jp1base/bin/jbs_spmd_status",
            "opt/jp1base/bin/jevstat",
            "opt/jp1ajs2/bin/jajs_spmd_status",
        ):
            file = self.products / path
            file.parent.mkdir(parents=True, exist_ok=True)
            file.write_text("#!/bin/sh\n")
            file.chmod(0o755)

    # Running.

    def ark(
        self, command: str, language: str = "C", **options: object
    ) -> subprocess.CompletedProcess[str]:
        """`ark preflight` or `ark guide` on this host, with its options by name."""
        asked = {
            "command": command,
            "prefix": str(self.prefix),
            "root": str(self.root),
            "programs": [str(self.bin)],
            "ahead": self.ahead,
            "options": options,
        }
        # Its host name, its disk where the site file says, its product: nobody else sees them.
        begin = (
            f"hostname {self.host_name}; mount -t tmpfs disk {self.mount_point}; "
            f"mount --bind {self.products} {self.installed}; "
            f"{' '.join(f'{each} || exit 99;' for each in self.mounts)} "
            f'exec {sys.executable} {DRIVER} "$1"'
        )
        return subprocess.run(
            ["nsenter", "-t", str(self.namespace.pid), "--net",
             "unshare", "--mount", "--uts", "sh", "-c", begin, "sh", json.dumps(asked)],
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            timeout=60,
            env={
                "PATH": f"{self.search}:{os.environ['PATH']}",
                "LANG": language,
                "PYTHONUTF8": "1",
                "PYTHONPATH": str(self.packages),
            },
        )  # fmt: skip


class Pair:
    """Two hosts on a service LAN and a heartbeat LAN, with nothing wrong."""

    def __init__(self, directory: Path) -> None:
        (directory / "shared").mkdir()
        (directory / "installed").mkdir()
        self._directory = directory
        self.lans = Namespace()
        self.hosts = []
        self._others: list[Namespace] = []
        try:
            for index in (1, 2):
                (directory / f"host{index}").mkdir()
                self.hosts.append(Host(directory / f"host{index}", index))
            self._connect()
        except BaseException:
            self.close()
            raise
        self.active, self.standby = self.hosts

    def _connect(self) -> None:
        cables = []
        for host in self.hosts:
            for lan, interface in (("service", "eth0"), ("heartbeat", "bond0")):
                cable = f"{lan}{host.index}"
                cables += [
                    f"link add {cable} type veth peer name {interface} netns {host.namespace.pid}",
                    f"link set {cable} master {lan} up",
                ]
        self.lans.ip(
            "link add service type bridge",
            "link add heartbeat type bridge",
            "link set service up",
            "link set heartbeat up",
            *cables,
        )
        for host in self.hosts:
            host.namespace.ip(
                f"address add 192.0.2.{host.index}/24 dev eth0",
                f"address add 198.51.100.{host.index}/24 dev bond0",
                "link set lo up",
                "link set eth0 up",
                "link set bond0 up",
                *(["address add 192.0.2.10/24 dev eth0"] if host.index == 1 else []),
            )

    def close(self) -> None:
        for namespace in (self.lans, *(host.namespace for host in self.hosts), *self._others):
            namespace.close()

    def third_machine(self, address: str) -> None:
        """Another machine on the service LAN that has an address."""
        other = Namespace()
        self._others.append(other)
        self.lans.ip(
            f"link add third{len(self._others)} type veth peer name eth0 netns {other.pid}",
            f"link set third{len(self._others)} master service up",
        )
        other.ip(f"address add {address}/24 dev eth0", "link set eth0 up")

    def preflight_of_active(self) -> Checked:
        """The active node alone."""
        done = self.active.ark("preflight", json=True)
        assert done.returncode in (0, 1), done.stderr
        assert done.stderr == ""
        return Checked(done.returncode, json.loads(done.stdout))

    def preflight(self) -> Checked:
        """Both nodes and the pair: the standby's answers are brought to the active one."""
        answers = self._directory / "answers.json"
        answers.unlink(missing_ok=True)
        exported = self.standby.ark("preflight", export=str(answers))
        assert answers.exists(), exported.stderr
        done = self.active.ark("preflight", peer=str(answers), json=True)
        assert done.returncode in (0, 1), done.stderr
        assert done.stderr == ""
        return Checked(done.returncode, json.loads(done.stdout))


class Checked:
    """What `ark preflight --peer --json` found."""

    def __init__(self, code: int, facts: dict[str, Any]) -> None:
        self.code = code
        self.findings = [
            {**finding, "where": group["name"]}
            for group in facts["groups"]
            for finding in group["findings"]
        ]

    def wrong(self) -> set[tuple[str, str, str]]:
        """Where, number and level of each finding that is none of a right pair."""
        return {
            (each["where"], each["number"], each["level"])
            for each in self.findings
            if each["level"] in WRONG
        }

    def told(self) -> str:
        """All that is wrong, for the message of a test that fails."""
        return "\n".join(
            f"{each['where']} {each['number']}: {each['seen']}"
            for each in self.findings
            if each["level"] in WRONG
        )
