"""Who calls: the access key id in a request's signature names the database user."""

from __future__ import annotations

import re
from dataclasses import dataclass

from sandbox.aws.errors import ServiceError
from sandbox.environment import KEY_OF_USER

_USER_OF_KEY = {key: user for user, key in KEY_OF_USER.items()}

# https://docs.aws.amazon.com/IAM/latest/UserGuide/create-signed-request.html
_CREDENTIAL = re.compile(
    r"AWS4-HMAC-SHA256 .*?Credential=(?P<key>[^/,\s]+)/\d{8}/[^/]+/(?P<service>[^/]+)/aws4_request"
)


@dataclass(frozen=True)
class Caller:
    """A signed request's identity: its access key id and the database user behind it."""

    access_key: str
    user: str


def identify(authorization: str | None) -> tuple[Caller, str]:
    """The caller of a request, and the service it was signed for ('redshift-data' or 'quicksight').

    Raises ServiceError: no signature of version 4, or an access key id that nobody here has. The
    signature itself is not verified, since the secret of every key is public.
    """
    found = _CREDENTIAL.match(authorization or "")
    if not found:
        raise ServiceError(
            "MissingAuthenticationTokenException",
            "The request carries no AWS signature of version 4.",
            403,
        )
    user = _USER_OF_KEY.get(found["key"])
    if user is None:
        raise ServiceError(
            "UnrecognizedClientException",
            "The security token included in the request is invalid: "
            f"access key id {found['key']} is not one of {', '.join(_USER_OF_KEY)}.",
            403,
        )
    return Caller(found["key"], user), found["service"]
