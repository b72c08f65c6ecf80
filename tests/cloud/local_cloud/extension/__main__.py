"""Starts ministack with every patch installed: `python -m local_cloud.extension`.

The order matters: where a module has to come after another one, its `install` says so.
"""

from __future__ import annotations

from . import pin

pin.check()

from ministack import app  # noqa: E402  (only after the version is known to be the right one)

from . import (  # noqa: E402
    athena,
    audit,
    bridge,
    cloudtrail,
    connections,
    dates,
    definitions,
    faults,
    inspection,
    lambda_limits,
    lambda_memory,
    leading_keys,
    missing_objects,
    multipart,
    notifications,
    organization,
    s3_authorization,
    schedules,
    ssm_authorization,
    stack_resources,
    stack_set,
    status_events,
    step_functions,
    workers,
)
from .settings import SETTINGS  # noqa: E402

PATCHES = (
    dates,
    connections,
    organization,
    ssm_authorization,
    s3_authorization,
    leading_keys,
    audit,
    workers,
    lambda_limits,
    lambda_memory,
    step_functions,
    cloudtrail,
    definitions,
    stack_resources,
    stack_set,
    schedules,
    status_events,
    missing_objects,
    multipart,
    notifications,
    athena,
    faults,
    bridge,
    inspection,
)


def main() -> None:
    """Installs the patches and serves until SIGTERM."""
    for patch in PATCHES:
        if patch.__name__.rsplit(".", 1)[-1] not in SETTINGS.without:
            patch.install()
    app.main()


if __name__ == "__main__":
    main()
