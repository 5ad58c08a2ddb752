"""What is known of the commands and processes of JP1/Base and JP1/AJS3, and how well.

Paths, names and return codes stand here and nowhere else. Each row has a mark that says where it
comes from; the source is a page of the vendor's manuals, by its number. What is not of a manual may
be otherwise at a site, and an option corrects it there: `status_codes`, `event_codes`,
`start_command`, `ours`, `not_ours` and the like (:mod:`ark_jp1_base.options`).
"""

from __future__ import annotations

from ark_jp1_base.judgement import Answer
from arkcore import Choice

TYPE_CHECKING = False
if TYPE_CHECKING:
    from collections.abc import Sequence


class Mark(Choice):
    """How well a row is known."""

    MANUAL = "stated in the vendor's manual"
    FIELD = "seen in scripts used in the field"
    SIBLING = "by analogy with a sibling product"
    INFERENCE = "inferred"
    MEMORY = "from memory, unconfirmed"


class Fact:
    """A path or a name, with where it comes from."""

    __slots__ = ("mark", "source", "value")

    def __init__(self, value: str, mark: Mark, source: str = "") -> None:
        self.value = value
        self.mark = mark
        self.source = source


class ReturnCode:
    """A return code of a status command, and what it says."""

    __slots__ = ("answer", "code", "mark", "source")

    def __init__(self, code: int, answer: Answer, mark: Mark, source: str = "") -> None:
        self.code = code
        self.answer = answer
        self.mark = mark
        self.source = source


class Product:
    """One product: where it lies, and the commands that start, stop, force and ask it.

    `manager`: the process that makes and watches all others. `parts`: the executables that each
    logical host has for itself; a `*` at the end stands for anything, such as a service's name.
    `commands`: executables beneath `directory` that end by themselves, and so are no part of the
    running product.
    """

    __slots__ = (
        "commands",
        "directory",
        "force",
        "manager",
        "parts",
        "start",
        "status",
        "stop",
        "title",
    )

    def __init__(
        self,
        *,
        title: str,
        directory: Fact,
        start: Fact,
        stop: Fact,
        force: Fact,
        status: Fact,
        manager: Fact,
        parts: Sequence[Fact],
        commands: Sequence[Fact],
    ) -> None:
        self.title = title
        self.directory = directory
        self.start = start
        self.stop = stop
        self.force = force
        self.status = status
        self.manager = manager
        self.parts = tuple(parts)
        self.commands = tuple(commands)


BASE = Product(
    title="JP1/Base",
    directory=Fact("/opt/jp1base", Mark.MANUAL, "BASE0315"),
    start=Fact("/etc/opt/jp1base/jbs_start.cluster", Mark.FIELD),
    stop=Fact("/etc/opt/jp1base/jbs_stop.cluster", Mark.FIELD),
    force=Fact("/etc/opt/jp1base/jbs_killall.cluster", Mark.FIELD),
    status=Fact("/opt/jp1base/bin/jbs_spmd_status", Mark.MANUAL, "BASE0315"),
    manager=Fact("jbs_spmd", Mark.MANUAL, "BASE0493"),
    parts=(
        Fact("jbs_spmd", Mark.MANUAL, "BASE0493"),
        Fact("jbssessionmgr", Mark.MANUAL, "BASE0493"),
        Fact("jbsroute", Mark.MANUAL, "BASE0493"),
        Fact("jcocmd", Mark.MANUAL, "BASE0493"),
        Fact("jbsplugin*", Mark.MANUAL, "BASE0493"),
        Fact("jbshcd", Mark.MANUAL, "BASE0493"),
        Fact("jbshchostd", Mark.MANUAL, "BASE0493"),
        Fact("jbssrvmgr", Mark.MANUAL, "BASE0493"),
        Fact("jbslcact", Mark.MANUAL, "BASE0493"),
        Fact("jbscomd", Mark.MANUAL, "BASE0493"),
        Fact("jevservice", Mark.MANUAL, "BASE0493"),
    ),
    commands=(
        Fact("jbs_spmd_status", Mark.MANUAL, "BASE0315"),
        Fact("jbs_spmd_reload", Mark.MANUAL, "BASE0315"),
        Fact("jbs_spmd_stop", Mark.MANUAL, "BASE0315"),
        Fact("jevstat", Mark.MANUAL, "BASE0392"),
        Fact("jevstart", Mark.MEMORY),
        Fact("jevstop", Mark.MEMORY),
        Fact("jevreload", Mark.MEMORY),
        Fact("jevsend", Mark.MANUAL, "BASE0389"),
        Fact("jevsendd", Mark.MANUAL, "BASE0390"),
        Fact("jbsgetcnf", Mark.MEMORY),
        Fact("jbssetcnf", Mark.MEMORY),
    ),
)

AJS3 = Product(
    title="JP1/AJS3",
    directory=Fact("/opt/jp1ajs2", Mark.MANUAL, "AJSO0149"),
    start=Fact("/etc/opt/jp1ajs2/jajs_start.cluster", Mark.MANUAL, "AJSO0152"),
    stop=Fact("/etc/opt/jp1ajs2/jajs_stop.cluster", Mark.MANUAL, "AJSX0304"),
    force=Fact("/etc/opt/jp1ajs2/jajs_killall.cluster", Mark.MANUAL, "AJSJ0159"),
    status=Fact("/opt/jp1ajs2/bin/jajs_spmd_status", Mark.MANUAL, "AJSO0149"),
    manager=Fact("jajs_spmd", Mark.MANUAL, "AJSK0083"),
    # The processes of an embedded database (pdprcd and those below it) are none of them: JP1/IM's
    # have the same names. Descent and the record tell whose they are.
    parts=(
        Fact("jajs_spmd", Mark.MANUAL, "AJSK0083"),
        Fact("jajs_dbmd*", Mark.MANUAL, "AJSK0083"),
        Fact("jajs_hstd", Mark.MANUAL, "AJSK0083"),
        Fact("jajs_schd*", Mark.MANUAL, "AJSK0083"),
        Fact("jajs_agtd", Mark.MANUAL, "AJSK0083"),
        Fact("jpqmon", Mark.MEMORY),
        Fact("jpoagent", Mark.MEMORY),
    ),
    commands=(
        Fact("jajs_spmd_status", Mark.MANUAL, "AJSO0149"),
        Fact("ajsqlstatus", Mark.FIELD),
        Fact("jajs_spmd_stop", Mark.MANUAL, "AJSJ0128"),
        Fact("ajsstart", Mark.MEMORY),
        Fact("ajsstop", Mark.MANUAL, "AJSO0133"),
        Fact("ajsstatus", Mark.MANUAL, "AJSO0132"),
        Fact("ajskill", Mark.MANUAL, "AJSO0114"),
        Fact("ajssuspend", Mark.MANUAL, "AJSO0134"),
        Fact("ajsentry", Mark.MEMORY),
        Fact("ajsshow", Mark.MEMORY),
        Fact("ajsprint", Mark.MEMORY),
        Fact("ajsdefine", Mark.MEMORY),
        Fact("ajsqlattach", Mark.MEMORY),
        Fact("ajsqldetach", Mark.MEMORY),
    ),
)

#: Processes that make and watch others, one of each for every logical host and the physical one.
MANAGERS = ("jbs_spmd", "jevservice", "jajs_spmd")

#: Answers for the event server alone, which `jbs_spmd_status` does not watch.
EVENT_STATUS = Fact("/opt/jp1base/bin/jevstat", Mark.MANUAL, "BASE0392")

#: Answers for the services that run queueless jobs.
QUEUELESS_STATUS = Fact("/opt/jp1ajs2/bin/ajsqlstatus", Mark.FIELD)

#: The line of `ajsqlstatus` that decides, with LANG unset: the service's name, then its state. The
#: line of the other service, "Queueless file transfer service", decides nothing.
QUEUELESS_AGENT = Fact("Queueless agent service", Mark.FIELD)
QUEUELESS_ACTIVE = Fact("active", Mark.FIELD)
QUEUELESS_INACTIVE = Fact("inactive", Mark.FIELD)

#: What the start command hands on to jajs_spmd (AJSO0148). Each is one or more words. `-n` is not
#: among them: it starts one part alone. Nor is anything that the Agent's start does not take.
MANAGER_START_OPTIONS = (
    Fact("-hot", Mark.MANUAL, "AJSO0148"),
    Fact("-warm", Mark.MANUAL, "AJSO0148"),
    Fact("-cold", Mark.MANUAL, "AJSO0148"),
    Fact("-disaster", Mark.MANUAL, "AJSO0148"),
    Fact("-q clear", Mark.MANUAL, "AJSO0148"),
    Fact("-q noclear", Mark.MANUAL, "AJSO0148"),
    Fact("-HA", Mark.MANUAL, "AJSO0152"),
)
AGENT_START_OPTIONS = (Fact("-cold", Mark.MANUAL, "AJSO0148"),)

BASE_CODES = (
    ReturnCode(0, Answer.RUNNING, Mark.FIELD),
    # Also where the shared directory is not there, or the process manager was never started.
    ReturnCode(1, Answer.ERROR, Mark.SIBLING),
    ReturnCode(4, Answer.PARTIAL, Mark.MEMORY),
    ReturnCode(8, Answer.STOPPED, Mark.MEMORY),
    # Another request is in progress: to be asked again.
    ReturnCode(12, Answer.UNKNOWN, Mark.FIELD),
)

EVENT_CODES = (
    ReturnCode(0, Answer.RUNNING, Mark.MANUAL, "BASE0392"),
    ReturnCode(1, Answer.ERROR, Mark.MANUAL, "BASE0392"),
    ReturnCode(4, Answer.PARTIAL, Mark.MANUAL, "BASE0392"),
    ReturnCode(8, Answer.STOPPED, Mark.MANUAL, "BASE0392"),
    # The event server does not answer, as it does for some seconds after its start (KAJP1706-E).
    ReturnCode(12, Answer.UNKNOWN, Mark.MANUAL, "BASE0392"),
)

AJS3_CODES = (
    ReturnCode(0, Answer.RUNNING, Mark.MANUAL, "AJSO0149"),
    ReturnCode(1, Answer.ERROR, Mark.MEMORY),
    ReturnCode(4, Answer.PARTIAL, Mark.MEMORY),
    ReturnCode(8, Answer.STOPPED, Mark.MEMORY),
    ReturnCode(12, Answer.UNKNOWN, Mark.FIELD),
)

#: Shared by all logical hosts of a machine, and started by whichever command came first. They are
#: always there.
RESIDENT = (
    Fact("hntr2mon", Mark.MANUAL, "BASE0493"),
    Fact("ajsqlagtd", Mark.MANUAL, "AJSK0083"),
    Fact("ajsqlftpd", Mark.MANUAL, "AJSK0083"),
)

#: No process of these is ever signalled. The log-file trap is a service apart. `jajs_start.cluster`
#: may also start Check Manager, Check Agent, Autonomous Agent and Autonomous Agent Messenger
#: (AJSO0152, AJSH0090), whose processes no page names: like all that is none of the `parts`, they
#: are told and left alone.
MACHINE_WIDE = (*RESIDENT, Fact("jevtraplog", Mark.MANUAL, "BASE0469"))

#: The environment variable that selects the logical host; the processes inherit it.
LOGICAL_HOST_VARIABLE = Fact("JP1_HOSTNAME", Mark.MANUAL, "BASE0315")

#: Values of LANG that JP1 is known to be set up with.
LANGUAGES = (
    Fact("C", Mark.MANUAL),
    Fact("ja_JP.UTF-8", Mark.MEMORY),
    Fact("ja_JP.utf8", Mark.MEMORY),
    Fact("ja_JP.eucJP", Mark.MEMORY),
    Fact("ja_JP.SJIS", Mark.MEMORY),
)

#: The longest logical host name each product takes, in bytes (BASE0315 and BASE0392; AJSJ0167).
BASE_HOST_BYTES = 255
AJS3_HOST_BYTES = 32
#: So many at most are recommended for any (3020-3-K54, 7.2).
RECOMMENDED_HOST_BYTES = 63
#: Services of /etc/services that are looked at: JP1's are a few dozen.
MOST_SERVICES = 100
#: `jajs_killall.cluster` knows logical hosts by so many first bytes of their names (AJSJ0167).
AJS3_UNIQUE_BYTES = 15
