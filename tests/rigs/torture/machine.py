"""What goes wrong with the machine: its log directory, its small files, its power."""

from __future__ import annotations

from rigs.torture.world import RESOURCE, World


class Machine:
    """Disturbs a world before a step, and mends what the next step must find whole."""

    def __init__(self, world: World) -> None:
        self._world = world
        self._moved = 0
        #: Lines may have been lost in this step, and that is no fault of the engine's.
        self.log_is_blind = False
        #: The step began with a reboot.
        self.rebooted = False

    def disturb(self, how: str, which: int) -> str:
        """Do it; what was done, in one line."""
        self.rebooted = False
        world = self._world
        if how in ("log-directory-moved", "log-directory-is-a-file"):
            self._move_aside("")
            if how == "log-directory-is-a-file":
                world.log.parent.mkdir(parents=True, exist_ok=True)
                world.log.write_text("in the way")
                self.log_is_blind = True
        elif how == "log-moved":
            self._move_aside("ras.log")
        elif how in ("state-garbage", "state-cut"):
            return self._spoil(how, which)
        elif how == "state-removed":
            self._remove_state()
        elif how == "reboot":
            world.end_everything()
            self._remove_state()
            self.rebooted = True
        elif how == "stale-lock":
            return self._write_lock('["restore", 1, 1, 0.0]')
        elif how == "lock-garbage":
            return self._write_lock('["remove", "\x00')
        return f"  {how}"

    def mend(self) -> None:
        self.rebooted = False
        if self.log_is_blind:
            self.log_is_blind = False
            if self._world.log.is_file():
                self._world.log.unlink()

    def _move_aside(self, name: str) -> None:
        path = self._world.log / name if name else self._world.log
        if path.exists():
            self._moved += 1
            path.rename(path.with_name(f"{path.name}.{self._moved}"))

    def _spoil(self, how: str, which: int) -> str:
        # The log's account of what is open must stay readable to be held against the engine; and
        # what was written of a killed action's commands is all that is known of them.
        kept = ("commands.json", f"open/{RESOURCE}.json")
        files = [path for path in self._world.state_files() if not str(path).endswith(kept)]
        if not files:
            return "  no state to spoil"
        path = files[which % len(files)]
        data = path.read_bytes()
        spoilt = data[: len(data) // 2] if how == "state-cut" else b"\xff\x00{[" + data[::-1]
        path.write_bytes(spoilt)
        return f"  {how}: {path.parent.name}/{path.name}"

    def _remove_state(self) -> None:
        directory = self._world.prefix / "run/ark/resources" / RESOURCE
        for path in directory.glob("*.json"):
            if path.name != "commands.json" or not self._world.commands(self._world.everything()):
                path.unlink()

    def _write_lock(self, text: str) -> str:
        self._world.lock.parent.mkdir(parents=True, exist_ok=True)
        self._world.lock.write_text(text)
        return f"  lock: {text!r}"
