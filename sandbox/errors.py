"""The errors of the sandbox.

SandboxError            what is wrong, where, what to do; exit code 1
|-- WrongUse            the command line asks for what cannot be; exit code 2
|-- SandboxDown         there is no running sandbox here
|-- HomeBroken          the home directory cannot be used as it is
|-- PortInUse           another program listens on the port
|-- Busy                another command changes this sandbox now
`-- ServerFailed        a process of the sandbox did not start or did not stop
"""


class SandboxError(Exception):
    exit_code = 1


class WrongUse(SandboxError):
    exit_code = 2


class SandboxDown(SandboxError):
    pass


class HomeBroken(SandboxError):
    pass


class PortInUse(SandboxError):
    pass


class Busy(SandboxError):
    pass


class ServerFailed(SandboxError):
    pass
