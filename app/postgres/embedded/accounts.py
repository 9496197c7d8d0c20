"""Which account of this machine the embedded server runs as."""

import os
import pwd
import stat
from dataclasses import dataclass
from pathlib import Path
from typing import TypedDict

SYSTEM_ACCOUNT = "nobody"
"""Runs the server when we are root; it is there on every Linux and macOS."""

ROOT = 0


class SubprocessAccount(TypedDict, total=False):
    """The arguments of `subprocess.run` that change the account."""

    user: int
    group: int
    extra_groups: list[int]


@dataclass(frozen=True, slots=True, kw_only=True)
class Account:
    """An account of this machine."""

    uid: int
    gid: int

    def for_subprocess(self) -> SubprocessAccount:
        """Return what makes a child process run as this account; nothing if it is ours."""
        if self.uid == os.geteuid():
            return {}
        return {"user": self.uid, "group": self.gid, "extra_groups": []}


def account_owning(folder: Path) -> Account:
    """Return the account that a server with its data in `folder` runs as.

    It is our own, unless we are root: then the folder's owner, or `SYSTEM_ACCOUNT` if it is new.
    """
    if os.geteuid() != ROOT:
        return Account(uid=os.geteuid(), gid=os.getegid())
    if folder.exists() and (owner := folder.stat()).st_uid != ROOT:
        return Account(uid=owner.st_uid, gid=owner.st_gid)
    system = pwd.getpwnam(SYSTEM_ACCOUNT)
    return Account(uid=system.pw_uid, gid=system.pw_gid)


def open_way_to(account: Account, *folders: Path) -> None:
    """Let another account pass through every folder on the way to `folders`.

    Only root can be asked for another account. A folder on the way gets the right to pass
    through it (`o+x`), not the right to list it.
    """
    if account.uid == os.geteuid():
        return
    for folder in folders:
        for step in (folder, *folder.parents):
            mode = step.stat().st_mode
            if not mode & stat.S_IXOTH and step.stat().st_uid != account.uid:
                step.chmod(stat.S_IMODE(mode) | stat.S_IXOTH)
