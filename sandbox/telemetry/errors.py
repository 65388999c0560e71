"""Why stages fail, and the made-up secrets that careless writers put into their messages.

None of the secrets opens anything. `PLANTED` lists each, so that a test can look for them in the
marts.
"""

from dataclasses import dataclass

API_TOKEN = "tok_live_9f2c41d07be84d55a6e1"
AWS_KEY = "AKIAIOSFODNN7EXAMPLE"  # the key that AWS's own documentation shows
AWS_SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"
PASSWORD = "S3cret-Loader-7"
JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJsb2FkZXIifQ.c2lnbmF0dXJlLW9mLW5vYm9keQ"
PEM_BODY = "MIIBVgIBADANBgkqhkiG9w0BAQEFAASCAUAwggE8AgEAAkEAq7BFUpkGp3"
URL_PASSWORD = "hunter2-example"
BEARER = "ya29.a0AfExampleBearerTokenOfNobody"
PLANTED = (API_TOKEN, AWS_KEY, AWS_SECRET, PASSWORD, JWT, PEM_BODY, URL_PASSWORD, BEARER)


@dataclass(frozen=True)
class Error:
    """A cause of failure; `eligible`: the retry pipeline may resubmit it."""

    kind: str
    message: str
    eligible: bool = True

    @property
    def has_secret(self) -> bool:
        """Whether the message holds a planted secret."""
        return any(secret in self.message for secret in PLANTED)


ERRORS = (
    Error("ThrottlingException", "Rate exceeded"),
    Error(
        "ProvisionedThroughputExceededException",
        "The level of configured provisioned throughput for the table was exceeded",
    ),
    Error("ConditionalCheckFailedException", "The conditional request failed"),
    Error("States.Timeout", "The state did not finish within 1800 seconds"),
    Error("MemoryError", "Container killed: out of memory (10240 MB)"),
    Error("SchemaMismatch", "column total_amount: expected decimal, found string", eligible=False),
    Error("AccessDeniedException", "not authorized to perform: s3:PutObject", eligible=False),
    Error(
        "OperationalError",
        f"could not connect to postgresql://loader:{URL_PASSWORD}@db.internal:5432/orders",
    ),
    Error(
        "ClientError", f"SignatureDoesNotMatch for {AWS_KEY}, aws_secret_access_key={AWS_SECRET}"
    ),
    Error("LoginFailed", f"login refused: user=loader password={PASSWORD} host=ftp.internal"),
    Error("HTTPError", f"401 for GET /v1/stock with Authorization: Bearer {BEARER}"),
    Error("TokenExpired", f"token {JWT} has expired"),
    Error(
        "SSLError",
        f"bad key: -----BEGIN PRIVATE KEY-----\n{PEM_BODY}\n-----END PRIVATE KEY-----",
        eligible=False,
    ),
)
