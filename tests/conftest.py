"""Property tests are the same every time under `make test`, and explore anew under `make prove`."""

import os

from hypothesis import HealthCheck, settings

settings.register_profile(
    "house",
    deadline=None,  # machines differ; a test that hangs is ended by its time limit
    derandomize=not os.environ.get("WORKBENCH_PROVE"),
    suppress_health_check=[HealthCheck.too_slow],
)
settings.load_profile("house")
