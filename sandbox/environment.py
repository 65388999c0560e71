"""The environment variables by which dbt, boto3 and the drivers find a sandbox."""

from sandbox.errors import SandboxDown
from sandbox.home import USER_PASSWORD, ServerState, State

REGION = "eu-central-1"
# The access key id decides which database user a caller of the AWS APIs is.
KEY_OF_USER = {
    "scheduler": "SCHEDULER0SANDBOX000",
    "deployer": "DEPLOYER00SANDBOX000",
    "admin": "ADMIN00000SANDBOX000",
    "quick": "QUICK00000SANDBOX000",
}
SECRET_KEY = "sandbox"
WORKGROUP = "sandbox"
ACCOUNT_ID = "000000000000"


def exports(state: State, user: str = "deployer", caller: str = "scheduler") -> dict[str, str]:
    """Name to value: `user` connects to the warehouse, `caller` calls the AWS APIs.

    Raises SandboxDown when one of the servers is not up.
    """
    wire, aws = _up(state.wire, "wire"), _up(state.aws, "aws")
    endpoint = f"http://{aws.host}:{aws.port}"
    return {
        "REDSHIFT_HOST": wire.host,
        "REDSHIFT_PORT": str(wire.port),
        "REDSHIFT_DATABASE": state.database,
        "REDSHIFT_USER": user,
        "REDSHIFT_PASSWORD": USER_PASSWORD,
        "REDSHIFT_SSLMODE": "disable",
        "REDSHIFT_WORKGROUP": WORKGROUP,
        "AWS_ENDPOINT_URL_REDSHIFT_DATA": endpoint,
        "AWS_ENDPOINT_URL_QUICKSIGHT": endpoint,
        "AWS_REGION": REGION,
        "AWS_DEFAULT_REGION": REGION,
        "AWS_ACCESS_KEY_ID": KEY_OF_USER[caller],
        "AWS_SECRET_ACCESS_KEY": SECRET_KEY,
        "QUICK_ACCOUNT_ID": ACCOUNT_ID,
        "QUICK_DATA_SOURCE_USER": "quick",
        "QUICK_DATA_SOURCE_PASSWORD": USER_PASSWORD,
    }


def _up(server: ServerState | None, name: str) -> ServerState:
    if server is None or server.pid is None:
        raise SandboxDown(f"the sandbox's {name} server is not up: run `sandbox up`")
    return server
