"""The tree keeps its promises: small files, no addresses of registries, pinned requirements, pages up to date."""

from __future__ import annotations

import re
import statistics
import subprocess
from pathlib import Path

import pytest

from docs.generate import outdated
from shared.migrate import migrations_of, services_with_migrations

ROOT = Path(__file__).parents[3]
REGISTRY = re.compile(r"https?://[a-z0-9.-]*(maven|pypi|pythonhosted|npmjs|crates|goproxy)")
KINDS = {"added", "changed", "fixed", "removed", "security"}
REQUIREMENTS = ("base", "local", "dev", "bench", "build")
LINK = re.compile(r"\]\((?!https?:|#|mailto:)([^)#]+)")


def tracked(*patterns: str) -> list[Path]:
    listed = subprocess.run(
        ["git", "ls-files", "--", *patterns], cwd=ROOT, capture_output=True, text=True, check=False
    ).stdout.split()
    return [ROOT / name for name in listed if (ROOT / name).is_file()]


def test_files_of_code_are_small():
    sizes = {path: len(path.read_text().splitlines()) for path in tracked("services", "shared", "deploy")}
    sizes = {path: size for path, size in sizes.items() if path.suffix == ".py" and size > 3}
    assert statistics.median(sizes.values()) <= 120
    assert {str(path): size for path, size in sizes.items() if size > 400} == {}


def test_no_file_names_a_package_registry():
    text = {path for path in tracked("*") if path.suffix not in {".png", ".json"}}
    assert [str(path) for path in text if REGISTRY.search(path.read_text(errors="replace"))] == []


@pytest.mark.parametrize("name", REQUIREMENTS)
def test_requirements_are_pinned_with_hashes_and_without_addresses(name):
    lines = (ROOT / f"requirements/{name}.txt").read_text().splitlines()
    pinned = [line for line in lines if re.match(r"[a-z0-9]", line)]
    assert pinned
    assert all(re.match(r"[a-z0-9._-]+==\S+( ; .+)? \\$", line) for line in pinned), pinned
    assert all(re.match(r"    --hash=sha256:[0-9a-f]{64}", line) for line in lines if line not in pinned)


def test_the_smaller_environments_agree_with_the_one_that_is_tested():
    def pins(name: str) -> set[str]:
        text = (ROOT / f"requirements/{name}.txt").read_text()
        return set(re.findall(r"^([a-z0-9._-]+==\S+)", text, re.MULTILINE))

    assert pins("base") <= pins("local") <= pins("dev")


def test_news_fragments_have_a_kind_and_a_sentence():
    for path in tracked("changelog.d"):
        if path.name != "README.md":
            assert path.name.split(".")[1] in KINDS, path.name
            assert path.read_text().strip().endswith("."), path.name


def test_links_between_documents_lead_somewhere():
    broken = [
        f"{path.relative_to(ROOT)}: {link}"
        for path in tracked("*.md")
        for link in LINK.findall(path.read_text())
        if not (path.parent / link).exists()
    ]
    assert broken == []


def test_generated_pages_say_what_the_code_says():
    assert outdated() == []


def test_migrations_of_every_service_are_numbered_without_gap_or_twin():
    for service in services_with_migrations():
        assert migrations_of(service)
