"""The one exception of gate and dialect, and how its message is worded."""

GUIDE = "https://docs.aws.amazon.com/redshift/latest/dg/"

FEATURE_NOT_SUPPORTED = "0A000"
SYNTAX_ERROR = "42601"


class Refused(Exception):
    """A statement is not passed on.

    ``code`` is the SQLSTATE the client sees: 0A000 where the sandbox refuses,
    Redshift's own where it would raise.
    """

    def __init__(self, message: str, code: str = FEATURE_NOT_SUPPORTED) -> None:
        super().__init__(message)
        self.code = code
        self.message = message


def page(name: str) -> str:
    """Address of a page of the developer guide: ``page('r_MD5')``."""
    return f"{GUIDE}{name}.html"


def not_in_redshift(what: str, remedy: str = "", doc: str = "") -> Refused:
    """A refusal that names the thing, says what to use instead and where that is written."""
    parts = [f"{what} is not in Redshift, or not in this stand-in"]
    if remedy:
        parts.append(f"; {remedy}")
    if doc:
        parts.append(f" ({page(doc)})")
    return Refused("".join(parts))
