"""How much is proved: `make test` runs a sample of the long proofs, `make prove` all of them."""

import os


def examples(sample: int, proof: int) -> int:
    """The number of examples a property is tried on."""
    return proof if os.environ.get("WORKBENCH_PROVE") else sample
