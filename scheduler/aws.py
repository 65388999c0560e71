"""AWS clients, and what the errors of every call mean."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

import boto3
import tenacity
from botocore.config import Config
from botocore.exceptions import (
    BotoCoreError,
    ClientError,
    HTTPClientError,
    NoCredentialsError,
    NoRegionError,
    ParamValidationError,
    PartialCredentialsError,
)
from botocore.exceptions import ConnectionError as BotoConnectionError

from scheduler.clock import Clock
from scheduler.errors import (
    AlreadyExists,
    Busy,
    NotFound,
    QuotaReached,
    SchedulerError,
    ServiceRefused,
    WrongUse,
)
from scheduler.outcomes import redact

# Longer than the longest long poll of the Data API (30 s).
_READ_TIMEOUT_SECONDS = 70

_MEANINGS: Mapping[str, type[SchedulerError]] = {
    "LimitExceededException": QuotaReached,
    "ResourceExistsException": AlreadyExists,
    "ResourceNotFoundException": NotFound,
    "ThrottlingException": Busy,
    "TooManyRequestsException": Busy,
    "RequestLimitExceeded": Busy,
}
# What the SDK sends once only, though the same request may pass a moment later:
# https://docs.aws.amazon.com/redshift-data/latest/APIReference/API_ExecuteStatement.html
_WORTH_REPEATING = frozenset(
    {
        "ActiveSessionsExceededException",
        "ActiveStatementsExceededException",
        "ActiveWaitingRequestsExceededException",
        "ConflictException",
        "QueryTimeoutException",
    }
)
_TRIES = 4


def client_config() -> Config:
    """Retries and timeouts of every client."""
    return Config(
        retries={"mode": "standard", "total_max_attempts": 3},
        connect_timeout=10,
        read_timeout=_READ_TIMEOUT_SECONDS,
    )


def make_client(service: str, region: str | None) -> Any:
    """A boto3 client that retries what AWS calls transient.

    Raises WrongUse when no region is known.
    """
    try:
        # A session of its own: the process-wide one keeps the credentials it was made with.
        return boto3.Session(region_name=region).client(service, config=client_config())
    except NoRegionError:
        raise WrongUse("no AWS region: set AWS_REGION, like AWS_REGION=eu-central-1") from None
    except (BotoCoreError, ValueError) as error:
        raise WrongUse(f"no client for {service}: {error}") from error


def call(operation: Callable[..., Any], clock: Clock, **request: Any) -> dict[str, Any]:
    """Send one request, a few times where that may help, and give its answer.

    The request, its client token included, is the same each time, so it starts a thing once only.
    Raises WrongUse, Busy, NotFound, AlreadyExists, QuotaReached or ServiceRefused.
    """
    retrying = tenacity.Retrying(
        stop=tenacity.stop_after_attempt(_TRIES),
        wait=tenacity.wait_random_exponential(multiplier=0.5, max=8),
        retry=tenacity.retry_if_exception(_is_worth_repeating),
        sleep=clock.sleep,
        reraise=True,
    )
    try:
        answer: dict[str, Any] = retrying(operation, **request)
    except ClientError as error:
        raise _meaning(error) from error
    except (NoCredentialsError, PartialCredentialsError) as error:
        raise WrongUse(
            "no AWS credentials: set AWS_PROFILE, or AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY"
        ) from error
    except ParamValidationError as error:
        raise WrongUse(f"AWS would not take the request: {error}") from error
    except (BotoConnectionError, HTTPClientError) as error:
        raise Busy(f"{error}; is the endpoint right and reachable?") from error
    except BotoCoreError as error:
        raise ServiceRefused(str(error)) from error
    return answer


def _is_worth_repeating(error: BaseException) -> bool:
    if not isinstance(error, ClientError):
        return False
    details = error.response["Error"]
    return details["Code"] in _WORTH_REPEATING or _is_wrapped_throttle(details)


def _is_wrapped_throttle(details: Mapping[str, Any]) -> bool:
    # A workgroup's throttle reaches the caller as a validation error that the SDK takes for final.
    return details["Code"] == "ValidationException" and "ThrottlingException" in details.get(
        "Message", ""
    )


def _meaning(error: ClientError) -> SchedulerError:
    details = error.response["Error"]
    code, message = details.get("Code", "?"), redact(details.get("Message", ""))
    text = f"{error.operation_name}: {code}: {message}"
    status = error.response.get("ResponseMetadata", {}).get("HTTPStatusCode", 0)
    if status >= 500 or _is_worth_repeating(error):
        return Busy(text)
    return _MEANINGS.get(code, ServiceRefused)(text)
