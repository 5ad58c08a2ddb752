"""How far an installation has come, told from the answers of its nodes."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path
from typing import Any

import msgspec
import pytest

from arkcore.base.errors import ConfigurationError
from arkcore.base.finding import Level
from arkcore.base.paths import Paths
from arkcore.survey.answers import FORMAT, Answers, Found, ResourceAnswer, told_time
from arkcore.survey.guide import Guide
from arkcore.survey.proof import Proof, ProofFile, proofs_in
from arkcore.survey.site import DISASTER_RECOVERY, MUTUAL_STANDBY, STANDBY, LogicalHost, Node, Site
from arkcore.survey.step import State, Step, next_step

DONE, MISSING, CANNOT_TELL = State.DONE, State.MISSING, State.CANNOT_TELL
A = Node("a", "192.0.2.1", ("198.51.100.1",))
B = Node("b", "192.0.2.2", ("198.51.100.2",))
L1 = LogicalHost("L1", "192.0.2.10", "a", "/shared/1", "/dev/sdb1",
                 resources={"base1": "jp1-base", "ajs1": "jp1-ajs3-agent"})  # fmt: skip
L2 = LogicalHost("L2", "192.0.2.11", "b", "/shared/2", "/dev/sdc1",
                 resources={"base2": "jp1-base"})  # fmt: skip
TITLES = {"jp1-base": "JP1/Base", "jp1-ajs3-agent": "JP1/AJS3 - Agent"}


def site(*hosts: LogicalHost, topology: str = STANDBY) -> Site:
    return Site(topology, "lifekeeper", (A, B), hosts or (L1,))


def answers(where: Site, node: str, **parts: Any) -> Answers:
    """A node where everything is done; `parts` say what is otherwise."""
    here = {
        "format": FORMAT,
        "salt": "",
        "node": node,
        "taken_at": 0.0,
        "site": {},
        "node_file": {},
        "versions": {"arkcore": "1"},
        "addresses": [],
        "virtual": {h.name: "here" if h.active == node else "elsewhere"
                    for h in where.logical_hosts},
        "disks": {},
        "mounted": [h.mount_point for h in where.logical_hosts if h.active == node],
        "time_source": "",
        "offset": None,
        "manager_installed": True,
        "resources": {
            name: ResourceAnswer(
                plugin=plugin,
                title=TITLES[plugin],
                logical_host=host.name,
                written=True,
                state="ISP" if host.active == node else "OSU",
                # Failover at 200, failback at 300.
                restored=300.0 if host.active == node else 200.0,
                recovered=100.0 if host.active == node else 0.0,
            )
            for host in where.logical_hosts
            for name, plugin in host.resources.items()
        },
        "findings": [
            Found("JP1/Base: commands", Level.OK, "all 5 are there", "", "T4-5 #1"),
            Found("registered", Level.OK, "confirmed", "", "T4-3 #1"),
        ],
    }  # fmt: skip
    return Answers(**{**here, **parts})


def steps(where: Site, *given: Answers) -> list[Step]:
    told = {each.node: each for each in given}
    return Guide(where, told, "/opt/ark", proofs_in(where, told)).steps()


def both(where: Site) -> tuple[Answers, Answers]:
    return answers(where, "a"), answers(where, "b")


def states(found: list[Step]) -> dict[int, State]:
    return {step.number: step.state for step in found}


def with_resource(given: Answers, name: str, **parts: Any) -> Answers:
    changed = msgspec.structs.replace(given.resources[name], **parts)
    return msgspec.structs.replace(given, resources={**given.resources, name: changed})


def test_an_installed_pair_is_done() -> None:
    found = steps(site(), *both(site()))
    assert states(found) == dict.fromkeys(range(1, 9), DONE)
    assert next_step(found) is None


def test_every_step_names_what_to_do() -> None:
    for step in steps(site(), *both(site())):
        assert step.commands
        assert step.where in ("a", "b")
        assert step.parts


def test_without_the_peers_answers_its_steps_cannot_be_told() -> None:
    found = steps(site(), answers(site(), "a"))
    assert [states(found)[number] for number in (1, 2, 3, 4)] == [
        DONE, CANNOT_TELL, DONE, CANNOT_TELL,
    ]  # fmt: skip


def missing_product(given: Answers) -> Answers:
    told = Found("JP1/Base: commands", Level.FAIL, "not there: jbs_start", "", "T4-5 #1")
    return msgspec.structs.replace(given, findings=[told])


@pytest.mark.parametrize(
    ("change", "number"),
    [
        (lambda a, b: (missing_product(a), b), 1),
        (lambda a, b: (a, missing_product(b)), 2),
        (lambda a, b: (msgspec.structs.replace(a, manager_installed=False), b), 3),
        (lambda a, b: (a, msgspec.structs.replace(b, manager_installed=False)), 4),
        (lambda a, b: (with_resource(a, "ajs1", written=False), b), 7),
        (lambda a, b: (a, with_resource(b, "ajs1", error="timers: wrong")), 7),
        (lambda a, b: (a, with_resource(b, "ajs1", state="")), 7),
        (lambda a, b: (with_resource(a, "ajs1", recovered=0.0), b), 8),
        (lambda a, b: (a, with_resource(b, "ajs1", restored=0.0)), 8),
        # On the standby last: it has not come back.
        (lambda a, b: (with_resource(a, "ajs1", restored=100.0), b), 8),
    ],
)
def test_what_is_missing_makes_its_step_the_next(change: Any, number: int) -> None:
    found = steps(site(), *change(*both(site())))
    following = next_step(found)
    assert following is not None
    assert (following.number, following.state) == (number, MISSING)
    assert [n for n, state in states(found).items() if state is MISSING] == [number]


def test_a_virtual_address_that_is_nowhere_holds_up_the_logical_server() -> None:
    nowhere = [msgspec.structs.replace(each, virtual={}) for each in both(site())]
    found = steps(site(), *nowhere)
    assert [n for n, state in states(found).items() if state is MISSING] == [5, 6]


def test_a_product_that_has_never_run_for_the_logical_host_cannot_be_told() -> None:
    a, b = both(site())
    a = with_resource(a, "ajs1", restored=0.0, state="OSU")
    assert states(steps(site(), a, b))[6] is CANNOT_TELL


def test_who_is_registered_is_asked_only_where_a_plugin_needs_it() -> None:
    def registered(given: Answers) -> list[State]:
        first = steps(site(), given)[0]
        return [part.state for part in first.parts if "registered" in part.title]

    unsure = Found("registered", Level.WARN, "cannot tell", "by hand", "T4-3 #1")
    given = answers(site(), "a")
    assert registered(given) == [DONE]
    assert registered(msgspec.structs.replace(given, findings=[unsure])) == [CANNOT_TELL]
    assert registered(msgspec.structs.replace(given, findings=[])) == []


def test_what_a_person_has_to_look_at_is_next_when_nothing_is_missing() -> None:
    a, b = both(site())
    unsure = Found("registered", Level.WARN, "cannot tell", "by hand", "T4-3 #1")
    b = msgspec.structs.replace(b, findings=[b.findings[0], unsure])
    following = next_step(steps(site(), a, b))
    assert following is not None
    assert (following.number, following.state) == (2, CANNOT_TELL)


def test_mutual_standby_has_the_steps_of_each_logical_host_on_its_own_server() -> None:
    where = site(L1, L2, topology=MUTUAL_STANDBY)
    found = steps(where, *both(where))
    assert [(step.number, step.where) for step in found] == [
        (1, "a"), (2, "b"), (3, "a"), (4, "b"), (5, "a"),
        (6, "a"), (6, "b"), (7, "a"), (7, "b"), (8, "a"), (8, "b"),
    ]  # fmt: skip
    assert next_step(found) is None
    [first, second] = [step for step in found if step.number == 8]
    assert first.commands[:2] == ("ark drill local-recovery base1", "ark drill all ajs1")
    assert second.commands[:1] == ("ark drill all base2",)


def test_products_are_named_in_the_order_of_their_start() -> None:
    assert steps(site(), *both(site()))[0].title == "a: install JP1/Base, JP1/AJS3 - Agent"


def test_there_is_no_guide_for_disaster_recovery() -> None:
    with pytest.raises(ConfigurationError, match="disaster-recovery sites are not supported"):
        Guide(site(topology=DISASTER_RECOVERY), {}, "/opt/ark", {})


def test_there_is_no_guide_for_what_may_not_be_protected() -> None:
    refused = Found("support", Level.FAIL, "base1: x: (c): not supported", "take it out", "2")
    given = msgspec.structs.replace(answers(site(), "a"), findings=[refused])
    with pytest.raises(ConfigurationError, match=r"\(c\): not supported; take it out"):
        Guide(site(), {"a": given}, "/opt/ark", {})


def proven(where: Site, *given: Answers) -> dict[str, Proof]:
    return proofs_in(where, {each.node: each for each in given})


def without_logs(given: Answers) -> Answers:
    resources = {
        name: msgspec.structs.replace(each, restored=0.0, recovered=0.0)
        for name, each in given.resources.items()
    }
    return msgspec.structs.replace(given, resources=resources)


class TestHistory:
    def test_a_later_failover_undoes_no_failback(self) -> None:
        a, b = both(site())
        for name in b.resources:  # there at 200 and at 400, here at 300
            b = with_resource(b, name, first_restored=200.0, restored=400.0)
        assert states(steps(site(), a, b))[8] is DONE

    def test_what_was_proven_stays_done_with_its_date_when_the_logs_are_gone(
        self, tmp_path: Path
    ) -> None:
        file = ProofFile(Paths(str(tmp_path)), now=1000.0)
        file.add(proven(site(), *both(site())))
        gone = {each.node: without_logs(each) for each in both(site())}
        found = Guide(site(), gone, "/opt/ark", file.read()).steps()
        assert states(found)[8] is DONE
        told = f"it was in the RAS log of a, {told_time(100.0)}"
        assert next(part.seen for part in found[-1].parts) == told

    def test_a_log_that_does_not_reach_back_says_nothing_of_what_never_happened(self) -> None:
        found = steps(site(), *(without_logs(each) for each in both(site())))
        assert [part.state for part in found[-1].parts] == [CANNOT_TELL] * 6

    def test_another_plugin_begins_anew(self, tmp_path: Path) -> None:
        file = ProofFile(Paths(str(tmp_path)), now=1000.0)
        file.add(proven(site(), *both(site())))
        other = replace(L1, resources={"base1": "jp1-ajs3-agent", "ajs1": "jp1-ajs3-agent"})
        answered = [without_logs(each) for each in both(site(other))]
        found = Guide(site(other), {n.node: n for n in answered}, "/opt/ark", file.read()).steps()
        assert [part.state for part in found[-1].parts] == [CANNOT_TELL] * 3 + [DONE] * 3


class TestProofFile:
    def file(self, tmp_path: Path, now: float = 1000.0) -> ProofFile:
        return ProofFile(Paths(str(tmp_path)), now)

    def path(self, tmp_path: Path) -> Path:
        return tmp_path / "var/lib/ark/guide.json"

    def test_it_is_the_users_alone(self, tmp_path: Path) -> None:
        self.file(tmp_path).add({"x": Proof(1.0, "a", "log")})
        assert self.path(tmp_path).stat().st_mode & 0o777 == 0o600

    def test_the_last_proof_stands(self, tmp_path: Path) -> None:
        file = self.file(tmp_path)
        for at in (10.0, 30.0, 20.0):
            file.add({"x": Proof(at, "a", "log")})
        assert file.read() == {"x": Proof(30.0, "a", "log", remembered=True)}

    def test_it_is_not_written_when_nothing_is_new(self, tmp_path: Path) -> None:
        file = self.file(tmp_path)
        file.add({"x": Proof(10.0, "a", "service")})
        before = self.path(tmp_path).stat().st_ino
        file.add({"x": Proof(20.0, "a", "service")})
        assert self.path(tmp_path).stat().st_ino == before

    def test_the_future_proves_nothing(self, tmp_path: Path) -> None:
        self.file(tmp_path).add({"x": Proof(900.0, "a", "log"), "y": Proof(1001.0, "a", "log")})
        assert list(self.file(tmp_path).read()) == ["x"]
        assert self.file(tmp_path, now=800.0).read() == {}

    def test_what_others_could_have_written_proves_nothing(
        self, tmp_path: Path, capfd: pytest.CaptureFixture[str]
    ) -> None:
        self.file(tmp_path).add({"x": Proof(1.0, "a", "log")})
        self.path(tmp_path).chmod(0o666)
        assert self.file(tmp_path).read() == {}
        assert "not believed" in capfd.readouterr().err

    @pytest.mark.parametrize(
        "text",
        ["", "[]", '{"format": 1, "proven": []}', '{"format": 2, "proven": {"x": {}}}',
         '{"format": 1, "proven": {"x": 1, "y": {"at": -1, "node": "a", "by": "log"},'
         ' "z": {"at": 1, "node": 1, "by": "log"}, "w": {"at": 1, "node": "a", "by": "hope"}}}'],
    )  # fmt: skip
    def test_a_damaged_one_proves_nothing(self, tmp_path: Path, text: str) -> None:
        self.path(tmp_path).parent.mkdir(parents=True)
        self.path(tmp_path).write_text(text)
        assert self.file(tmp_path).read() == {}


class TestLivePair:
    def test_without_the_peers_answers_nothing_is_advised_to_it(self) -> None:
        for given in both(site()):
            found = steps(site(), given)
            assert CANNOT_TELL in states(found).values()
            assert next_step(found, whole=False) is None

    def test_what_is_missing_here_is_next_all_the_same(self) -> None:
        a, _ = both(site())
        found = steps(site(), msgspec.structs.replace(a, manager_installed=False))
        following = next_step(found, whole=False)
        assert following is not None
        assert following.number == 3

    def test_dead_programs_of_lifekeeper_undo_the_protection(self) -> None:
        a, b = both(site())
        b = with_resource(b, "base1", launchers="/x/!restore/base1: /opt/python is not there")
        following = next_step(steps(site(), a, b))
        assert following is not None
        assert (following.number, following.where) == (7, "b")
        assert following.commands[0] == "ark lifekeeper launchers /etc/ark/lifekeeper"
        assert not [each for each in following.commands if "register" in each]
