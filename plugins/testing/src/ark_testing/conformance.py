"""The conformance kit as a pytest class: inherited, it tests a plugin with its application."""

from __future__ import annotations

import warnings
from collections.abc import Callable, Collection, Iterator
from typing import Any, ClassVar

import pytest

from ark_testing.checks import CHECKS, Check
from ark_testing.in_use import objection
from ark_testing.installation import Capability, Installation
from ark_testing.pytest_plugin import watched
from ark_testing.subject import Subject
from ark_testing.verification import Outcome, run_check


class Conformance:
    """Every promise of a plugin, one test each. Inherit it in a class that pytest collects.

    `plugin`: the entry point's name. `capabilities`: what the installation can show; tests that
    need one not named do not exist in the class.

    A fixture `installation`, of the module's scope, yields the application and takes it away.
    """

    plugin: ClassVar[str]
    capabilities: ClassVar[Collection[Capability]] = frozenset()

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

    @pytest.fixture(autouse=True)
    def _nothing_in_service_is_touched(self, _objections: list[str]) -> None:
        if len(_objections) > 1:
            pytest.fail(_objections.pop(0), pytrace=False)
        if _objections:
            pytest.skip(_objections[0])


def _test(check: Check) -> Callable[..., None]:
    def test(self: Conformance, subject: Subject, request: pytest.FixtureRequest) -> None:
        __tracebackhide__ = True
        with watched(check.name, subject, request.config):
            result = run_check(check, subject)
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

    test.__name__ = test.__qualname__ = f"test_{check.name}"
    test.__doc__ = f"The promise: {check.text}."
    return test
