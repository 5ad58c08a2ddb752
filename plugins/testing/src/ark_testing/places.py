"""Where hooks may write: the engine's files, and what the application calls its own."""

from __future__ import annotations

from pathlib import Path

from ark_testing.subject import Subject

#: Where there are no files that stay.
_NO_FILES = ("/dev/", "/proc/", "/sys/")
#: Where a daemon's pid files and sockets belong.
OF_DAEMONS = ("/run/", "/var/run/")


def ours(subject: Subject) -> tuple[str, ...]:
    """Where the engine writes for a hook, and where no files are."""
    return (f"{subject.prefix}/", *_NO_FILES)


def places_of(subject: Subject) -> tuple[str, ...]:
    """The application's directories and files: what its options and the installation name."""
    places = []
    for given in subject.installation.hosts:
        places += [*given.shared, *given.product, *map(Path, given.mount_points)]
        for value in given.options.values():
            texts = value if isinstance(value, list | tuple) else [value]
            places += [Path(each) for each in texts if isinstance(each, str) and each[:1] == "/"]
    return (*ours(subject), *(f"{each}/" for each in map(str, places) if each != "/"))


def is_beneath(told: str, places: tuple[str, ...]) -> bool:
    """Whether the path at the end of "made PATH" is one of `places` or beneath one."""
    return f"{told.partition(' ')[2]}/".startswith(places)
