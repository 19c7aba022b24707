"""What can go wrong, sorted by what somebody must do about it.

    VotdError
    ├── RejectedSource   the producer must give another file; never tried again
    │   └── CutOff       … unless it is still being copied: the rest of it would cure this
    ├── BadRequest       whoever gave the command or the settings must change them
    │   └── Gone         … what they named was there once, and was withdrawn
    ├── Unavailable      wait: a network, hub or store was out of reach; the only error that is retried
    ├── Stopped          the run was ended from outside (Ctrl-C, SIGTERM); run it again
    └── ToolFailed       a tool ended badly on input that we had accepted: a bug, or a sick machine
        └── Unfit        what was made breaks the delivery rules

Every message is one plain sentence for the person named above. Every class hands all of its
arguments to ``Exception.__init__``, so that it survives pickling.
"""


class VotdError(Exception):
    """Base of every error that this project raises on purpose."""

    def __str__(self) -> str:
        return str(self.args[0]) if self.args else self.__class__.__name__


class RejectedSource(VotdError):
    """Refuse a file for good, with the one sentence that its producer will read."""


class CutOff(RejectedSource):
    """Refuse a file of which a piece is missing."""


class BadRequest(VotdError):
    """Refuse a command line, a sidecar or a setting."""


class Gone(BadRequest):
    """Report that what an address names is not there: a page that was withdrawn."""


class Unavailable(VotdError):
    """Report that something outside cannot be reached now; the same call may succeed later."""


class Stopped(VotdError):
    """Report that the run was ended from outside."""


class ToolFailed(VotdError):
    """Report a child process that failed.

    ``reason`` is the sentence, ``command`` the argument list, ``tail`` the last lines of its standard error.
    """

    def __init__(self, reason: str, command: tuple[str, ...] = (), tail: str = "") -> None:
        super().__init__(reason, command, tail)
        self.command = command
        self.tail = tail


class Unfit(ToolFailed):
    """Report that what was made of a source must not be published."""
