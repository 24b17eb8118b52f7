"""What lies in deploy/ fits the project: commands, ports, variables, locks, what an image holds."""

import re
import shutil
import subprocess
import sys
import tomllib
from collections import defaultdict
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import pytest
import yaml

from orchestration import notify
from orchestration.environment import DBT_PROJECT_DIR, POSTGRES_URL
from tests.conftest import PROJECT_ROOT, environment_for

DEPLOY = PROJECT_ROOT / "deploy"
UNITS = sorted((DEPLOY / "systemd").glob("*.service"))
DOCKERFILE = DEPLOY / "container" / "Dockerfile"
COMPOSE = DEPLOY / "container" / "compose.yaml"
INSTALLED = "/opt/hubtide"
VARIABLE = re.compile(r"\b(?:HUBTIDE|DAGSTER|HF|OPENROUTER|GIT_CONFIG)_[A-Z0-9_]+\b")


def unit(path: Path) -> dict[str, dict[str, list[str]]]:
    """Sections of a unit file, each with all values of its keys."""
    sections: dict[str, dict[str, list[str]]] = {}
    for line in path.read_text().splitlines():
        if line.startswith("["):
            current = sections.setdefault(line.strip("[]"), defaultdict(list))
        elif line.strip() and not line.startswith("#"):
            key, equals, value = line.partition("=")
            assert equals, f"{path.name}: {line}"
            current[key].append(value)
    return sections


def compose() -> dict[str, Any]:
    content: dict[str, Any] = yaml.safe_load(COMPOSE.read_text())
    return content


def instructions() -> list[tuple[str, str]]:
    """The Dockerfile's instructions in order, continued lines joined, comments left out."""
    text = re.sub(r"^\s*#.*\n", "", DOCKERFILE.read_text(), flags=re.MULTILINE)
    lines = text.replace("\\\n", " ").splitlines()
    return [(name, rest) for name, _, rest in (line.partition(" ") for line in lines) if name]


# systemd


def test_there_are_two_units() -> None:
    assert [path.name for path in UNITS] == ["hubtide-daemon.service", "hubtide-webserver.service"]


@pytest.mark.parametrize("path", UNITS, ids=lambda path: path.stem)
def test_a_unit_runs_commands_of_the_environment_without_privileges(path: Path) -> None:
    service = unit(path)["Service"]
    for command in [*service["ExecStartPre"], *service["ExecStart"]]:
        program, *arguments = command.split()
        folder, name = program.rsplit("/", 1)
        assert folder == f"{INSTALLED}/.venv/bin"
        assert Path(sys.executable).with_name(name).exists(), name
        assert find_spec(arguments[arguments.index("-m") + 1]) is not None
        if name == "dagster-webserver":
            assert arguments[arguments.index("-h") + 1] == "127.0.0.1"
    assert service["User"] == ["hubtide"]
    assert service["ProtectSystem"] == ["strict"]
    assert service["NoNewPrivileges"] == ["yes"]
    assert service["CapabilityBoundingSet"] == [""]
    assert service["Restart"] == ["on-failure"]
    assert service["WorkingDirectory"] == [INSTALLED]
    assert f"PYTHONPATH={INSTALLED}" in service["Environment"]
    # The one folder that can be written is the one where state goes.
    (state,) = service["StateDirectory"]
    assert f"HUBTIDE_HOME=/var/lib/{state}" in service["Environment"]
    assert f"DAGSTER_HOME=/var/lib/{state}/.dagster" in service["Environment"]
    assert "ReadWritePaths" not in service


def test_the_units_differ_in_nothing_but_what_they_run() -> None:
    kept = []
    for path in UNITS:
        service = unit(path)["Service"]
        kept.append({
            key: value
            for key, value in service.items()
            if key not in ("ExecStart", "TimeoutStopSec")
        })  # fmt: skip
    assert kept[0] == kept[1]


def test_systemd_finds_no_fault_in_the_units(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("no systemd-analyze on this machine")
    copies = []
    for path in UNITS:
        # The commands must be there to be verified: this environment's stand in for them.
        text = path.read_text().replace(f"{INSTALLED}/.venv/bin", str(Path(sys.executable).parent))
        copies.append(tmp_path / path.name)
        copies[-1].write_text(text)
    done = subprocess.run(
        ["systemd-analyze", "verify", *copies], capture_output=True, text=True, check=False
    )
    assert (done.returncode, done.stdout + done.stderr) == (0, "")


def test_the_example_of_variables_holds_no_secret() -> None:
    lines = (DEPLOY / "systemd" / "hubtide.env").read_text().splitlines()
    active = [line for line in lines if line and not line.startswith("#")]
    assert active == ["HUBTIDE_NOTIFY=log"]


# Containers


def test_the_image_does_not_run_as_root_and_installs_by_hash() -> None:
    found = instructions()
    users = [rest for name, rest in found if name == "USER"]
    assert users
    assert all(re.fullmatch(r"[1-9]\d*:[1-9]\d*", user) for user in users)
    # What is served and how it is checked come after the change of user.
    names = [name for name, _ in found]
    assert names.index("USER") < names.index("CMD")
    (install,) = [rest for name, rest in found if "pip install" in rest]
    assert "--require-hashes" in install
    assert "--no-deps" in install
    wanted = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"]
    at_least = tuple(map(int, wanted["requires-python"].removeprefix(">=").split(".")))
    bases = [rest for name, rest in found if name == "FROM"]
    for base in bases:
        version = re.match(r"python:(\d+)\.(\d+)-slim", base)
        assert version is not None, base
        assert (int(version[1]), int(version[2])) >= at_least


def test_the_image_holds_what_the_commands_need(tmp_path: Path) -> None:
    image, ignored = tmp_path / "image", (PROJECT_ROOT / ".dockerignore").read_text().splitlines()
    assert next(line for line in ignored if not line.startswith("#")) == "*"
    copied = [rest.split() for name, rest in instructions() if name == "COPY"]
    for *sources, target in [words for words in copied if not words[0].startswith("--from")]:
        for source in sources:
            assert f"!{source}" in ignored, source
            place = image / (source if target == "./" else target)
            if (PROJECT_ROOT / source).is_dir():
                leave = shutil.ignore_patterns("__pycache__", "target", "logs")
                shutil.copytree(PROJECT_ROOT / source, place, ignore=leave)
            else:
                place.parent.mkdir(parents=True, exist_ok=True)
                shutil.copyfile(PROJECT_ROOT / source, place)
    project = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())
    packages = {name.split(".")[0] for name in project["tool"]["setuptools"]["packages"]}
    assert {*packages, DBT_PROJECT_DIR.name} <= {path.name for path in image.iterdir()}
    done = subprocess.run(
        [sys.executable, "-m", "orchestration", "docs"],
        cwd=image,
        env=environment_for(tmp_path / "home"),
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stderr.startswith("hubtide: there is no warehouse")
    assert (tmp_path / "home" / ".dagster" / "dagster.yaml").exists()


def test_containers_are_reached_on_the_loopback_alone_and_have_no_privileges() -> None:
    services = compose()["services"]
    assert set(services) == {"webserver", "daemon", "postgres"}
    for name, service in services.items():
        for port in service.get("ports", []):
            assert str(port).startswith("127.0.0.1:"), name
        assert "network_mode" not in service
        assert not service.get("privileged")
        assert not any("docker.sock" in str(volume) for volume in service.get("volumes", []))
        # A secret is taken from the environment, never written here.
        for variable, value in service["environment"].items():
            if "PASSWORD" in variable or "TOKEN" in variable or "KEY" in variable:
                assert value.startswith("${"), variable
    assert [name for name, service in services.items() if service.get("ports")] == ["webserver"]
    for name in ("webserver", "daemon"):
        assert services[name]["cap_drop"] == ["ALL"]
        assert services[name]["read_only"] is True
    command = services["daemon"]["command"]
    assert Path(sys.executable).with_name(command[0]).exists()
    (port,) = services["webserver"]["ports"]
    server = next(rest for name, rest in instructions() if name == "CMD")
    assert f"-p {port.rsplit(':', 1)[1]}" in server


# Proxies


@pytest.mark.parametrize(("name", "password"), [("nginx.conf", "auth_basic_user_file"),
                                                ("Caddyfile", "basicauth")])  # fmt: skip
def test_a_proxy_asks_for_a_password_and_leads_to_the_loopback(name: str, password: str) -> None:
    text = (DEPLOY / "proxy" / name).read_text()
    assert password in text
    assert re.search(r"(proxy_pass http://|reverse_proxy )127\.0\.0\.1:3000\b", text)


# Documents and locks


def test_every_variable_is_documented() -> None:
    document = (PROJECT_ROOT / "docs" / "deployment.md").read_text()
    used = {
        name
        for path in DEPLOY.rglob("*")
        if path.is_file()
        for name in VARIABLE.findall(path.read_text())
    }
    used |= {notify.SENDERS, notify.WEBHOOK_URL, notify.SMTP_URL, notify.MAIL_FROM, notify.MAIL_TO,
             notify.UI_URL, POSTGRES_URL}  # fmt: skip
    assert len(used) > 12
    assert sorted(name for name in used if f"`{name}`" not in document) == []


def test_every_file_of_deploy_that_the_document_names_is_there() -> None:
    document = (PROJECT_ROOT / "docs" / "deployment.md").read_text()
    named = set(re.findall(r"deploy/[\w./-]*\w", document))
    assert len(named) > 3
    assert sorted(name for name in named if not (PROJECT_ROOT / name).exists()) == []


def test_the_locks_hold_what_the_extra_names() -> None:
    extras = tomllib.loads((PROJECT_ROOT / "pyproject.toml").read_text())["project"][
        "optional-dependencies"
    ]
    text = (PROJECT_ROOT / "requirements-postgres.lock").read_text()
    assert sorted(re.findall(r"^[\w-]+==[\w.]+", text, re.MULTILINE)) == sorted(extras["postgres"])
    # Tests run against the same packages.
    developers = (PROJECT_ROOT / "requirements-dev.lock").read_text()
    assert text.strip()
    for line in text.splitlines():
        assert line.rstrip(" \\") in developers
    assert "://" not in text
