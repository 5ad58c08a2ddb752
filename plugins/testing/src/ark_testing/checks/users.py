"""Who runs the application."""

from __future__ import annotations

import os
import pwd

from ark_testing.checks.check import check
from ark_testing.finding import NotPossible, expect
from ark_testing.host import await_that, shown
from ark_testing.subject import Subject
from arkcore.machine import processes


@check(
    "it runs as the user that its options name",
    "オプションで指定したユーザーで動く",
)
def its_user_runs_it(subject: Subject) -> None:
    host, declared = subject.host, subject.declaration()
    for key in declared["users"]:
        default = declared["options"][key]["default"]
        name = host.given.options.get(key, default.strip("'\""))
        if not isinstance(name, str) or not name:
            continue
        try:
            user = pwd.getpwnam(name).pw_uid
        except KeyError:
            continue  # a validation tells
        if os.geteuid() != 0 and user != os.geteuid():
            raise NotPossible(f"options.{key} is {name}, whom root alone can become")
        subject.running()

        def runs(user: int = user) -> bool:
            return any(user in processes.users(each.pid) for each in host.living())

        # A daemon that changes its user by itself does so a moment after its start.
        expect(
            await_that(runs, 2.0),
            f"options.{key} is {name}, and no process of it is that user's: "
            f"{shown(host.living())}; ctx.start_daemon and ctx.run have user=",
        )
