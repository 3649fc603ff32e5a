"""What Binder installs is what pyproject.toml asks for, and a step that fails stops the build."""

import os
import subprocess
import tomllib
from pathlib import Path

import pytest
import yaml
from packaging.requirements import Requirement
from packaging.specifiers import SpecifierSet
from packaging.utils import canonicalize_name

ROOT = Path(__file__).parents[1]
BINDER = ROOT / "binder"
CONDA_NAMES = {"torch": "pytorch-cpu"}
BESIDE_OURS = {"python", "pip", "jupyterlab"}


def _project():
    return tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]


def _required(requirements):
    """Conda name -> bounds, of requirements written for pip."""
    parsed = [Requirement(text) for text in requirements]
    return {CONDA_NAMES.get(name := canonicalize_name(each.name), name): each.specifier for each in parsed}


def _environment():
    return yaml.safe_load((BINDER / "environment.yml").read_text(encoding="utf-8"))


def _installed():
    """Conda name -> bounds, with conda's `python=3.11` read as `==3.11.*`."""
    found = {}
    for text in _environment()["dependencies"]:
        name = text.partition("=")[0].rstrip("<>")
        bounds = text.removeprefix(name)
        is_prefix = bounds.startswith("=") and not bounds.startswith("==")
        found[name] = SpecifierSet(f"={bounds}.*" if is_prefix else bounds)
    return found


def test_binder_installs_what_the_package_needs_and_within_its_bounds():
    installed = {name: bounds for name, bounds in _installed().items() if name not in BESIDE_OURS}
    assert installed == _required(_project()["dependencies"])


def test_jupyterlab_has_the_bounds_the_notebooks_are_tested_with():
    assert _installed()["jupyterlab"] == _required(_project()["optional-dependencies"]["dev"])["jupyterlab"]


def test_python_is_pinned_to_a_version_we_support():
    python = _installed()["python"]
    assert "3.11.9" in python
    assert "3.12.0" not in python
    assert "3.11.9" in SpecifierSet(_project()["requires-python"])


def test_everything_comes_from_conda_forge():
    environment = _environment()
    assert environment["channels"] == ["conda-forge", "nodefaults"]
    assert all(isinstance(each, str) for each in environment["dependencies"])


def test_nothing_at_the_root_competes_with_the_binder_folder():
    assert not (ROOT / ".binder").exists()
    assert {path.name for path in BINDER.iterdir()} == {"environment.yml", "postBuild"}


def test_the_build_step_stops_at_the_first_failure_and_installs_no_dependency():
    lines = (BINDER / "postBuild").read_bytes().decode("utf-8").split("\n")
    assert lines[:2] == ["#!/bin/bash", "set -euo pipefail"]
    assert "pip install --no-cache-dir --no-deps ." in lines


@pytest.mark.parametrize("name", ["environment.yml", "postBuild"])
def test_files_have_unix_line_ends_and_no_tabs(name):
    content = (BINDER / name).read_bytes()
    assert b"\r" not in content
    assert b"\t" not in content
    assert content.endswith(b"\n")


def test_the_build_step_can_be_run():
    path = BINDER / "postBuild"
    assert os.access(path, os.X_OK)
    subprocess.run(["/bin/bash", "-n", path], check=True)
