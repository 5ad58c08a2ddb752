"""A shared disk: an image file behind a loop device, ext4, that each node can mount.

Both nodes' kernels are one, so a file system that two nodes have mounted is not destroyed, and
locks on it are seen by both: what runs twice is found out instead of lost. The device detaches
itself when nobody holds it any longer.
"""

from __future__ import annotations

import errno
import fcntl
import os
import struct
import subprocess
from pathlib import Path

from rigs.cluster.errors import CannotBuild

# linux/loop.h
_LOOP_CTL_GET_FREE = 0x4C82
_LOOP_CONFIGURE = 0x4C0A
_AUTOCLEAR = 4
_MEGABYTE = 1 << 20


class SharedDisk:
    """One disk, as /dev/loopN on every node; `size` in MiB."""

    def __init__(self, image: Path, size: int = 48) -> None:
        with open(image, "wb") as file:
            file.truncate(size * _MEGABYTE)
        subprocess.run(
            ["mkfs.ext4", "-q", "-F", str(image)], check=True, stdin=subprocess.DEVNULL, timeout=60
        )
        self.image = image
        self.device, self._descriptor = _attach(image)

    def close(self) -> None:
        """Let go of the device; it detaches once no node has it mounted."""
        if self._descriptor >= 0:
            os.close(self._descriptor)
            self._descriptor = -1


def _attach(image: Path) -> tuple[str, int]:
    """The loop device's path, and a descriptor that keeps it attached."""
    try:
        control = os.open("/dev/loop-control", os.O_RDWR | os.O_CLOEXEC)
    except OSError as error:
        raise CannotBuild(f"no loop devices here ({error}): the shared disk needs one") from error
    backing = os.open(image, os.O_RDWR | os.O_CLOEXEC)
    try:
        while True:
            number = fcntl.ioctl(control, _LOOP_CTL_GET_FREE)
            device = f"/dev/loop{number}"
            descriptor = os.open(device, os.O_RDWR | os.O_CLOEXEC)
            try:
                fcntl.ioctl(descriptor, _LOOP_CONFIGURE, _configuration(backing))
                return device, descriptor
            except OSError as error:
                os.close(descriptor)
                if error.errno != errno.EBUSY:  # somebody else was first
                    raise
    finally:
        os.close(backing)
        os.close(control)


def _configuration(backing: int) -> bytes:
    """struct loop_config: fd, block_size, struct loop_info64 (flags at byte 52), 64 spare bytes."""
    info = bytearray(232)
    struct.pack_into("=I", info, 52, _AUTOCLEAR)
    return struct.pack("=II", backing, 512) + bytes(info) + bytes(64)
