"""The errors of the sandbox. Each says what is wrong, where, and what to do.

SandboxError
|-- WrongUse            the command line asks for what cannot be
|-- SandboxDown         there is no running sandbox here
|-- HomeBroken          the home directory cannot be used as it is
|-- PortInUse           another program listens on the port
|-- Busy                another command changes this sandbox now
|-- QueryFailed         the warehouse refused a statement
`-- ServerFailed        a process of the sandbox did not start or did not stop
"""


class SandboxError(Exception):
    """Any of them."""

    exit_code = 1


class WrongUse(SandboxError):
    """The command line asks for what cannot be."""

    exit_code = 2


class SandboxDown(SandboxError):
    """There is no running sandbox here."""


class HomeBroken(SandboxError):
    """The home directory cannot be used as it is."""


class PortInUse(SandboxError):
    """Another program listens on the port."""


class Busy(SandboxError):
    """Another command changes this sandbox now."""


class QueryFailed(SandboxError):
    """The warehouse refused a statement."""


class ServerFailed(SandboxError):
    """A process of the sandbox did not start or did not stop."""
