"""Drives a headless Chromium over a pipe, by its DevTools protocol: nothing listens on a port."""

from __future__ import annotations

import base64
import fcntl
import json
import os
import select
import signal
import time
from collections.abc import Callable
from pathlib import Path
from types import TracebackType
from typing import Any

#: Seconds within which Chromium answers, on a busy machine.
_PATIENCE = 60.0
_SWITCHES = (
    "--remote-debugging-pipe",
    "--no-sandbox",  # it has none as root
    "--disable-gpu",
    "--disable-dev-shm-usage",
    "--disable-background-networking",
    "--no-first-run",
    "--hide-scrollbars",
)


class BrowserError(Exception):
    """Chromium refused, threw, or did not answer."""


class Browser:
    """One Chromium. `program`: as it is called; `directory`: for its profile and its messages."""

    def __init__(self, program: str, directory: Path) -> None:
        ours_in, theirs_out = os.pipe()
        theirs_in, ours_out = os.pipe()
        words = [program, *_SWITCHES, f"--user-data-dir={directory}/profile", "about:blank"]
        # It reads commands from descriptor 3 and answers on 4; neither may be one of the pipes'.
        commands, answers = (
            fcntl.fcntl(each, fcntl.F_DUPFD, 10) for each in (theirs_in, theirs_out)
        )
        log = f"{directory}/chromium.log"
        self._pid = os.posix_spawn(
            program,
            words,
            os.environ,
            file_actions=[
                (os.POSIX_SPAWN_OPEN, 0, "/dev/null", os.O_RDONLY, 0),
                (os.POSIX_SPAWN_OPEN, 1, log, os.O_WRONLY | os.O_CREAT, 0o600),
                (os.POSIX_SPAWN_DUP2, 1, 2),
                (os.POSIX_SPAWN_DUP2, commands, 3),
                (os.POSIX_SPAWN_DUP2, answers, 4),
            ],
        )
        for each in (theirs_in, theirs_out, commands, answers):
            os.close(each)
        self._in, self._out = ours_in, ours_out
        self._rest = b""
        self._number = 0
        #: What happened, that nobody asked for: by session.
        self.events: list[dict[str, Any]] = []

    def call(self, method: str, session: str = "", **parameters: Any) -> dict[str, Any]:
        """The result of a method. `BrowserError` where it is refused, or none comes."""
        self._number += 1
        number = self._number
        message = {"id": number, "method": method, "params": parameters}
        if session:
            message["sessionId"] = session
        data = json.dumps(message).encode() + b"\0"
        while data:
            data = data[os.write(self._out, data) :]
        until = time.monotonic() + _PATIENCE
        while True:
            answer = self._read(until, method)
            if answer.get("id") != number:
                self.events.append(answer)
            elif "error" in answer:
                raise BrowserError(f"{method}: {answer['error']}")
            else:
                result: dict[str, Any] = answer["result"]
                return result

    def wait(self, method: str, session: str) -> dict[str, Any]:
        """The next event of that name, or one that has come already."""
        until = time.monotonic() + _PATIENCE
        while True:
            for each in self.events:
                if each.get("method") == method and each.get("sessionId") == session:
                    self.events.remove(each)
                    return each
            self.events.append(self._read(until, method))

    def _read(self, until: float, what: str) -> dict[str, Any]:
        while b"\0" not in self._rest:
            ready, _, _ = select.select([self._in], [], [], max(0.0, until - time.monotonic()))
            data = os.read(self._in, 1 << 20) if ready else b""
            if not data:
                raise BrowserError(f"no answer to {what}")
            self._rest += data
        line, _, self._rest = self._rest.partition(b"\0")
        answer: dict[str, Any] = json.loads(line)
        return answer

    def close(self) -> None:
        try:
            self.call("Browser.close")
        except (BrowserError, OSError):
            os.kill(self._pid, signal.SIGKILL)
        os.waitpid(self._pid, 0)
        os.close(self._in)
        os.close(self._out)

    def __enter__(self) -> Browser:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        traceback: TracebackType | None,
    ) -> None:
        self.close()


class Page:
    """One file, opened in a tab of its own."""

    def __init__(
        self,
        browser: Browser,
        file: Path,
        *,
        width: int = 1280,
        height: int = 800,
        dark: bool = False,
    ) -> None:
        self.browser = browser
        self._target = browser.call("Target.createTarget", url="about:blank")["targetId"]
        attached = browser.call("Target.attachToTarget", targetId=self._target, flatten=True)
        self._session: str = attached["sessionId"]
        for domain in ("Page", "Runtime", "Log", "Network"):
            self.call(f"{domain}.enable")
        self.call(
            "Emulation.setDeviceMetricsOverride",
            width=width, height=height, deviceScaleFactor=1, mobile=False,
        )  # fmt: skip
        scheme = {"name": "prefers-color-scheme", "value": "dark" if dark else "light"}
        self.call("Emulation.setEmulatedMedia", features=[scheme])
        self.call("Page.navigate", url=file.as_uri())
        browser.wait("Page.loadEventFired", self._session)

    def call(self, method: str, **parameters: Any) -> dict[str, Any]:
        return self.browser.call(method, self._session, **parameters)

    def close(self) -> None:
        self.browser.call("Target.closeTarget", targetId=self._target)

    # Asking.

    def ask(self, script: str) -> Any:
        """The value of an expression; a promise's is waited for."""
        answer = self.call(
            "Runtime.evaluate", expression=script, returnByValue=True, awaitPromise=True
        )
        if "exceptionDetails" in answer:
            raise BrowserError(json.dumps(answer["exceptionDetails"]))
        return answer["result"].get("value")

    def errors(self) -> list[str]:
        """What the console tells: exceptions, errors and warnings."""
        self.ask("1")
        found = []
        for each in self.browser.events:
            if each.get("sessionId") != self._session:
                continue
            method, told = each.get("method"), each.get("params", {})
            if method == "Runtime.exceptionThrown":
                found.append(json.dumps(told["exceptionDetails"]))
            elif method == "Runtime.consoleAPICalled" and told["type"] in ("error", "warning"):
                found.append(json.dumps(told["args"]))
            elif method == "Log.entryAdded" and told["entry"]["level"] in ("error", "warning"):
                found.append(told["entry"]["text"])
        return found

    def requests(self) -> list[str]:
        """The addresses that were asked for, besides the page itself and what it holds."""
        self.ask("1")
        urls = [
            each["params"]["request"]["url"]
            for each in self.browser.events
            if each.get("sessionId") == self._session
            and each.get("method") == "Network.requestWillBeSent"
        ]
        return [url for url in urls if not url.startswith(("file:", "data:"))]

    # Doing.

    def place(self, selector: str) -> tuple[float, float]:
        """The middle of an element, once it is on the screen."""
        name = json.dumps(selector)
        x, y = self.ask(
            f"(function(){{var e=document.querySelector({name});"
            "e.scrollIntoView({block:'center'});var r=e.getBoundingClientRect();"
            "return [r.x+r.width/2,r.y+r.height/2]})()"
        )
        return x, y

    def hover(self, selector: str) -> None:
        x, y = self.place(selector)
        self.call("Input.dispatchMouseEvent", type="mouseMoved", x=x, y=y)

    def click(self, selector: str) -> None:
        x, y = self.place(selector)
        for kind in ("mouseMoved", "mousePressed", "mouseReleased"):
            self.call("Input.dispatchMouseEvent", type=kind, x=x, y=y, button="left", clickCount=1)

    def turn(self, selector: str, by: float, *, ctrl: bool) -> None:
        """The mouse's wheel over an element."""
        x, y = self.place(selector)
        self.call(
            "Input.dispatchMouseEvent",
            type="mouseWheel", x=x, y=y, deltaX=0, deltaY=by, modifiers=2 if ctrl else 0,
        )  # fmt: skip

    def key(self, name: str, text: str = "") -> None:
        self.call("Input.dispatchKeyEvent", type="keyDown", key=name, code=name, text=text)
        self.call("Input.dispatchKeyEvent", type="keyUp", key=name, code=name)

    def tab(self) -> None:
        for kind in ("rawKeyDown", "keyUp"):
            self.call(
                "Input.dispatchKeyEvent", type=kind, key="Tab", code="Tab", windowsVirtualKeyCode=9
            )

    def type(self, text: str) -> None:
        for each in text:
            self.key(each, each)

    def frame(self) -> None:
        """Until what was done is on the screen."""
        self.ask("new Promise(function(d){requestAnimationFrame(function(){setTimeout(d,0)})})")

    def picture(self, *, whole: bool = False) -> bytes:
        """A PNG of what is seen, or of the whole page."""
        answer = self.call(
            "Page.captureScreenshot", captureBeyondViewport=whole, **_clip(self, whole)
        )
        return base64.b64decode(answer["data"])

    def printed(self) -> bytes:
        """The page as PDF, as a person prints it."""
        return base64.b64decode(self.call("Page.printToPDF", preferCSSPageSize=True)["data"])


def _clip(page: Page, whole: bool) -> dict[str, Any]:
    if not whole:
        return {}
    size = page.call("Page.getLayoutMetrics")["cssContentSize"]
    height = min(size["height"], 8000)
    return {"clip": {"x": 0, "y": 0, "width": size["width"], "height": height, "scale": 1}}


Opens = Callable[..., Page]
