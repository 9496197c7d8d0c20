"""A target of the Makefile that is no file is run even if a file of its name is there."""

import re
from pathlib import Path

MAKEFILE = (Path(__file__).parents[1] / "Makefile").read_text("utf-8")


def test_every_command_of_the_makefile_is_declared_to_be_one() -> None:
    joined = MAKEFILE.replace("\\\n", " ")
    declared = set(" ".join(re.findall(r"^\.PHONY:(.*)$", joined, re.MULTILINE)).split())
    targets = set(re.findall(r"^([a-z][a-z-]*):", joined, re.MULTILINE))
    assert targets == declared
