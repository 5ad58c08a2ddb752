"""Two nodes on this machine, the other one behind a real sshd, as `--peer` reaches it.

The other node has a host name of its own, its own directory, and an sshd on a port of 127.0.0.1
that lets in this test's key alone. `ssh` in PATH is the real one with this test's configuration.
"""

from __future__ import annotations

import getpass
import os
import shutil
import socket
import subprocess
import time
from pathlib import Path

from support import PROGRAMS, ToyNode

SSHD = shutil.which("sshd", path="/usr/sbin:/usr/bin:/sbin") or "/usr/sbin/sshd"

_SSHD = """\
ListenAddress 127.0.0.1
Port {port}
HostKey {home}/host_key
PidFile none
AuthorizedKeysFile {home}/key.pub
PermitRootLogin yes
PasswordAuthentication no
KbdInteractiveAuthentication no
UsePAM no
StrictModes no
SetEnv PATH={programs}:/usr/bin:/bin ARK_PREFIX={prefix}
"""

_SSH = """\
Host {name}
    HostName 127.0.0.1
    Port {port}
    User {user}
    IdentityFile {home}/key
    IdentitiesOnly yes
    StrictHostKeyChecking no
    UserKnownHostsFile /dev/null
    LogLevel ERROR
"""


class OtherNode(ToyNode):
    """A node that is reached by ssh under `name`, its host name."""

    def __init__(self, directory: Path, name: str = "node2") -> None:
        (directory / "prefix").mkdir(parents=True)
        super().__init__(directory / "prefix")
        self.name = name
        self._home = directory / "ssh"
        self._home.mkdir(mode=0o700)
        #: Where this test's `ssh` lies: before the others in PATH.
        self.bin = directory / "bin"
        self.bin.mkdir()
        #: What the other node finds before the programs of this environment.
        self.programs = directory / "programs"
        self.programs.mkdir()
        self._sshd: subprocess.Popen[bytes] | None = None
        for key in ("key", "host_key"):
            self._run("ssh-keygen", "-q", "-t", "ed25519", "-N", "", "-f", f"{self._home}/{key}")
        self.begin()

    def _run(self, *words: str) -> None:
        subprocess.run(words, check=True, capture_output=True, timeout=30)

    def begin(self, place: Path | None = None, instead: Path | None = None) -> None:
        """Start its sshd, on a port that is free.

        `place`, `instead`: two files; there the second one lies where the first one is.
        """
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            port = free.getsockname()[1]
        places = {
            "port": port, "home": self._home, "prefix": self.prefix, "name": self.name,
            "programs": f"{self.programs}:{PROGRAMS}", "user": getpass.getuser(),
        }  # fmt: skip
        (self._home / "sshd_config").write_text(_SSHD.format(**places))
        (self._home / "config").write_text(_SSH.format(**places))
        program = self.bin / "ssh"
        # Also from a network namespace of its own: 127.0.0.1 is that of this process.
        begin = f"nsenter -t {os.getpid()} --net " if os.geteuid() == 0 else ""
        ssh = f"exec {begin}/usr/bin/ssh -F {self._home}/config"
        program.write_text(f'#!/bin/sh\n{ssh} "$@"\n')
        program.chmod(0o755)
        Path("/run/sshd").mkdir(exist_ok=True)
        begin = f"hostname {self.name}; exec {SSHD} -D -e -f {self._home}/sshd_config"
        if place is not None:
            begin = f"mount --bind {instead} {place}; {begin}"
        # It dies with the test, and its host name is its own.
        self._sshd = subprocess.Popen(
            ["setpriv", "--pdeathsig", "KILL", "unshare", "--uts", "--mount", "sh", "-c", begin],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.DEVNULL,
            stderr=subprocess.DEVNULL,
        )
        self._await(port)

    @staticmethod
    def _await(port: int) -> None:
        end = time.monotonic() + 30
        while True:
            try:
                with socket.create_connection(("127.0.0.1", port), timeout=1) as connection:
                    assert connection.recv(4) == b"SSH-"
                    return
            except OSError:
                assert time.monotonic() < end, "sshd does not listen"
                time.sleep(0.02)

    def stop_sshd(self) -> None:
        if self._sshd is not None:
            self._sshd.kill()
            self._sshd.wait()
            self._sshd = None

    @property
    def path(self) -> str:
        """PATH of who asks it."""
        return f"{self.bin}:{PROGRAMS}:/usr/bin:/bin:{os.defpath}"

    def program(self, name: str, text: str) -> None:
        """A program of the other node, in place of the one of this environment."""
        file = self.programs / name
        file.write_text(text)
        file.chmod(0o755)
