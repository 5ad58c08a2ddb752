"""Where our files lie. `ARK_PREFIX` comes before all of them."""

from __future__ import annotations

import errno
import os

from arkcore.base.errors import ConfigurationError


class Paths:
    """Every path of ours beneath one prefix ("" for the machine itself)."""

    __slots__ = ("prefix",)

    def __init__(self, prefix: str = "") -> None:
        if prefix and not prefix.startswith("/"):
            raise ConfigurationError(
                f"ARK_PREFIX = {prefix!r}: must be an absolute path, for instance /srv/lab/node1"
            )
        self.prefix = prefix.rstrip("/")

    @property
    def node_file(self) -> str:
        return f"{self.prefix}/etc/ark/ark.toml"

    @property
    def site_file(self) -> str:
        """What the pair of nodes is: for the checks before an installation, and the guide."""
        return f"{self.prefix}/etc/ark/site.toml"

    @property
    def resources(self) -> str:
        return f"{self.prefix}/etc/ark/resources"

    def resource_file(self, resource: str) -> str:
        return f"{self.resources}/{resource}.toml"

    @property
    def log(self) -> str:
        return f"{self.prefix}/var/log/ark"

    @property
    def ras_log(self) -> str:
        return f"{self.log}/ras.log"

    def start_output(self, resource: str) -> str:
        return f"{self.log}/output/{resource}.start"

    @property
    def blackboxes(self) -> str:
        return f"{self.log}/blackbox"

    @property
    def library(self) -> str:
        """What must outlive a reboot."""
        return f"{self.prefix}/var/lib/ark"

    def record(self, resource: str) -> str:
        return f"{self.library}/records/{resource}.json"

    def open_script(self, resource: str) -> str:
        return f"{self.library}/open/{resource}.json"

    def restored(self, resource: str) -> str:
        return f"{self.library}/restored/{resource}.json"

    def maintenance(self, resource: str) -> str:
        return f"{self.library}/maintenance/{resource}.json"

    @property
    def guide(self) -> str:
        """What `ark guide` has found proven."""
        return f"{self.library}/guide.json"

    def state(self, resource: str) -> str:
        """The resource's volatile state: gone with a reboot, as it should be."""
        return f"{self.prefix}/run/ark/resources/{resource}"

    def node_lock(self, name: str) -> str:
        return f"{self.prefix}/run/ark/locks/{name}.lock"


def ensure_directory(path: str, mode: int = 0o755) -> None:
    """Make `path` and what is missing above it, whatever the umask would add.

    `mode`: of our own directories, those from `ark` downwards; what is above them is everybody's.
    `OSError` where the machine will not.
    """
    if os.path.isdir(path):
        return
    above, name = os.path.split(path.rstrip("/"))
    ensure_directory(above or "/", 0o755 if name == "ark" else mode)
    try:
        os.mkdir(path, mode)
    except FileExistsError:
        if not os.path.isdir(path):  # another may have made it meanwhile
            raise NotADirectoryError(errno.ENOTDIR, os.strerror(errno.ENOTDIR), path) from None
