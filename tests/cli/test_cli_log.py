"""`ark log`."""

from __future__ import annotations

import json

from support import ToyNode


def test_the_last_lines_of_one_resource(node: ToyNode, ark) -> None:
    node.configure("toy2", "OTHERHOST", home=node.home)
    node.run("restore")
    node.run("remove", "toy2")
    answer = ark("log", "toy1", "--lines", "2")
    assert answer.returncode == 0
    lines = answer.stdout.splitlines()
    assert [line.split(" : ", 3)[3] for line in lines] == ["Start completed.", "Restore completed."]


def test_only_what_ended_badly_with_its_black_box(node: ToyNode, ark) -> None:
    node.configure(timers={"restore.process": 1, "restore.cleanup": 2})
    node.hooks("def ark_start(ctx, default):\n    ctx.run(['/bin/sleep', '1000'])\n")
    node.run("restore")
    answer = ark("log", "--bad", "--json")
    lines = json.loads(answer.stdout)
    assert [line["message"].split(".")[0] for line in lines if line["went_badly"]] == [
        "Start failed",
        "Restore failed",
    ]
    boxes = {line["black_box"] for line in lines} - {None}
    told = ark("log").stdout
    assert len(boxes) == 1
    assert f"  {boxes.pop()}" in told.splitlines()


def test_no_log_yet_is_one_clear_line(node: ToyNode, ark) -> None:
    answer = ark("log")
    assert answer.returncode == 1
    assert answer.stderr.endswith("there is no RAS log yet\n")
    assert answer.stderr.count("\n") == 1
