"""Every command of the Makefile is declared to be one, and runs what is there."""

import re
from importlib.util import find_spec
from pathlib import Path

MAKEFILE = (Path(__file__).parents[1] / "Makefile").read_text("utf-8")


def test_every_command_of_the_makefile_is_declared_to_be_one() -> None:
    joined = MAKEFILE.replace("\\\n", " ")
    declared = set(" ".join(re.findall(r"^\.PHONY:(.*)$", joined, re.MULTILINE)).split())
    targets = set(re.findall(r"^([a-z][a-z-]*):", joined, re.MULTILINE))
    assert targets == declared


def test_every_module_the_makefile_runs_is_there() -> None:
    modules = sorted(set(re.findall(r"python -m ([a-z_.]+)", MAKEFILE)))
    assert "tools.bench" in modules
    assert [module for module in modules if find_spec(module) is None] == []
