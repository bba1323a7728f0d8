"""Nothing in pricing can make a float: no literal, no call, no true division, no clock, no input or output."""

from __future__ import annotations

import ast
from pathlib import Path

import pytest

import services.accounting.pricing as package

HERE = Path(package.__file__).parent
FOLDERS = (HERE, HERE.parent / "pricelist", HERE.parent / "explain")
MODULES = [HERE.parent / "categories.py", *(path for folder in FOLDERS for path in sorted(folder.glob("*.py")))]
FORBIDDEN_IMPORTS = {"time", "random", "os", "structlog", "logging", "aiohttp", "aiokafka", "psycopg", "asyncio"}


@pytest.mark.parametrize("path", MODULES, ids=lambda path: f"{path.parent.name}/{path.stem}")
def test_a_pricing_module_has_no_float_and_no_world(path):
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        where = f"{path.name}:{getattr(node, 'lineno', 0)}"
        assert not (isinstance(node, ast.Constant) and isinstance(node.value, (float, complex))), where
        assert not isinstance(node, ast.Div), where
        if isinstance(node, ast.Call) and isinstance(node.func, ast.Name):
            assert node.func.id not in {"float", "round", "open", "print"}, where
        if isinstance(node, ast.Import):
            assert not {name.name.partition(".")[0] for name in node.names} & FORBIDDEN_IMPORTS, where
        if isinstance(node, ast.ImportFrom):
            assert (node.module or "").partition(".")[0] not in FORBIDDEN_IMPORTS, where
