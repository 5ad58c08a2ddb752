"""What is mounted at a place, or will be, and whether it comes from a file server."""

from __future__ import annotations

import json
import re
from dataclasses import dataclass

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Callable
    from typing import Any


@dataclass(frozen=True)
class FileSystem:
    """What is mounted, or will be."""

    kind: str
    source: str

    @property
    def is_network(self) -> bool:
        """Whether it comes over the network from a file server."""
        kind = self.kind.lower()
        return (
            kind in ("cifs", "smb3", "smbfs", "afs", "ceph", "fuse.sshfs")
            or kind.startswith(("nfs", "glusterfs", "fuse.glusterfs", "lustre"))
            or is_share(self.source)
        )


def is_share(source: str) -> bool:
    """Whether a source is written as a file server's share: server:/path or //server/share."""
    return source.startswith("//") or bool(re.match(r"[^/\s]+:/", source))


def file_system_at(run: Callable[..., Any], mount_point: str) -> FileSystem | None:
    """What is mounted exactly at `mount_point`, else what /etc/fstab will mount there; or None.

    `run`: as `Machine.run`.
    """
    for source in ((), ("--fstab",)):
        answer = run("findmnt", "-J", *source, "-M", mount_point, "-o", "FSTYPE,SOURCE")
        if not answer.ok:
            continue
        try:
            [found, *_] = json.loads(answer.text)["filesystems"]
            return FileSystem(str(found.get("fstype") or ""), str(found.get("source") or ""))
        except (ValueError, KeyError, TypeError, AttributeError):
            continue
    return None
