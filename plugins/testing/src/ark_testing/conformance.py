"""The conformance kit as a pytest class: inherited, it tests a plugin with its application."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any, ClassVar

import pytest

from ark_testing.checks import CHECKS, Check
from ark_testing.in_use import objection
from ark_testing.installation import Capability, Installation
from ark_testing.lanes import Lanes, room
from ark_testing.pytest_plugin import remark, tell_now, watched
from ark_testing.result import Outcome, Result, run_check
from ark_testing.subject import Subject


class _Checking:
    """Runs the checks of one class: those that pytest is to run, in lanes where it can."""

    def __init__(self, request: pytest.FixtureRequest, subject: Subject) -> None:
        self._config = request.config
        self._subject = subject
        self._class = request.cls
        self._checks = [
            check
            for item in request.session.items
            if getattr(item, "cls", None) is request.cls and (check := _check_of(item)) is not None
        ]
        self._lanes: Lanes | None = None
        self._begun = False

    def result(self, check: Check) -> Result:
        """What a check came to; it is run now, or is at work beside others."""
        __tracebackhide__ = True
        if not self._begun:
            self._begun = True
            self._lanes = self._made()
        if self._lanes is not None:
            return self._lanes.result(check)
        with watched(check.name, self._subject, self._config):
            return run_check(check, self._subject)

    def _made(self) -> Lanes | None:
        if hasattr(self._config, "workerinput"):
            return None  # nobody knows which of the tests pytest-xdist gives to this process
        count, why = room(self._subject, self._checks, self._class.lanes)
        if why:
            told = f"{self._class.__name__}: {len(self._checks)} checks one after another: {why}"
            remark(self._config, told)
        if count == 1:
            return None
        tell = tell_now(self._config)
        return Lanes(self._subject, self._checks, count, tell)

    def settle(self) -> None:
        """Wait until no check is at work."""
        if self._lanes is not None:
            self._lanes.settle()

    def close(self) -> None:
        """End what is at work."""
        if self._lanes is not None:
            self._lanes.close()


def _check_of(item: pytest.Item) -> Check | None:
    """The check that an item is the test of; None for a test of an author's own."""
    found = getattr(getattr(item, "function", None), "conformance_check", None)
    return found if isinstance(found, Check) else None


class Conformance:
    """Every promise of a plugin, one test each. Inherit it in a class that pytest collects.

    `plugin`: the entry point's name. `capabilities`: what the installation can show; tests that
    need one not named do not exist in the class. `lanes`: so many checks beside one another at
    most, where `Installation.another` allows it; None leaves it to the machine and its load.

    A fixture `installation`, of the module's scope, yields the application and takes it away.
    """

    plugin: ClassVar[str]
    capabilities: ClassVar[Collection[Capability]] = frozenset()
    lanes: ClassVar[int | None] = None

    def __init_subclass__(cls, **arguments: Any) -> None:
        super().__init_subclass__(**arguments)
        for check in CHECKS:
            name = f"test_{check.name}"
            # A test that the class has of its own stays.
            if name not in vars(cls) and check.needs <= set(cls.capabilities):
                setattr(cls, name, _test(check))

    @pytest.fixture(scope="class")
    @classmethod
    def subject(
        cls,
        request: pytest.FixtureRequest,
        installation: Installation,
        tmp_path_factory: pytest.TempPathFactory,
    ) -> Iterator[Subject]:
        """The plugin on a node of its own; for tests of the author's own, too."""
        made = Subject(
            request.cls.plugin,
            installation,
            tmp_path_factory.mktemp("conformance"),
            capabilities=request.cls.capabilities,
        )
        yield made
        made.close()

    @pytest.fixture(scope="class")
    @classmethod
    def _objections(cls, subject: Subject) -> list[str]:
        """Why nothing may be started, until it was told once; then ""."""
        found = objection(subject)
        return [found, "not begun: the first test of this class tells why"] if found else []

    @pytest.fixture(scope="class")
    @classmethod
    def _checking(cls, request: pytest.FixtureRequest, subject: Subject) -> Iterator[_Checking]:
        made = _Checking(request, subject)
        yield made
        made.close()

    @pytest.fixture(autouse=True)
    def _nothing_in_service_is_touched(
        self, request: pytest.FixtureRequest, _objections: list[str], _checking: _Checking
    ) -> None:
        if _check_of(request.node) is None:
            _checking.settle()  # a test of the author's own has the subject for itself
        if len(_objections) > 1:
            pytest.fail(_objections.pop(0), pytrace=False)
        if _objections:
            pytest.skip(_objections[0])


def _test(check: Check) -> Callable[..., None]:
    def test(self: Conformance, subject: Subject, _checking: _Checking) -> None:
        __tracebackhide__ = True
        result = _checking.result(check)
        for warning in result.warnings:
            warnings.warn(f"{check.name}: {warning}", stacklevel=1)
        told = f"{check.name}: {result.told}"
        if result.outcome is Outcome.KEPT:
            return
        # Where another check has failed, that is what keeps this one from being reached.
        unreached = result.outcome is Outcome.UNREACHED and subject.failed
        if result.outcome is Outcome.NOT_RUN or unreached:
            pytest.skip(told)
        subject.failed = True
        pytest.fail(f"{told}\nThe promise: {check.text}.", pytrace=False)

    test.conformance_check = check  # type: ignore[attr-defined]
    test.__name__ = test.__qualname__ = f"test_{check.name}"
    test.__doc__ = f"The promise: {check.text}."
    return test
