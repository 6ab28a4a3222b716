"""The matcher's tables and rules: data files read once, each with its version.

Weights and words live in ``matcher/data``; nothing here decides anything.
"""

from __future__ import annotations

import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from functools import cache
from importlib import metadata
from importlib.resources import files
from types import MappingProxyType
from typing import Any

from matcher.errors import TableError

CODE = "matcher/1"
TABLES = ("confusables.tsv", "context.toml", "goods.toml", "latin.toml", "lookalike.tsv")
WORDS = (
    "background_en.txt", "background_zh.txt", "composed.txt", "sound.toml",
    "words_en.txt", "words_zh.txt",
)  # fmt: skip
LIBRARIES = ("ahocorasick-rs", "opencc", "pypinyin", "rapidfuzz")


def read(name: str) -> str:
    """Return the text of one data file."""
    return (files("matcher.data") / name).read_text(encoding="utf-8")


@cache
def table(name: str) -> Mapping[str, Any]:
    """Return one TOML table; TableError if it is broken or has no version."""
    try:
        value = tomllib.loads(read(name))
    except tomllib.TOMLDecodeError as error:
        raise TableError(f"{name}: {error}.", f"数据文件 {name} 有误：{error}。") from error
    if not isinstance(value.get("version"), str):
        raise TableError(f"{name}: no version.", f"数据文件 {name} 没有版本。")
    return MappingProxyType(value)


def rows(name: str) -> list[str]:
    """Return the lines of a text table without its comments."""
    return [line for line in read(name).splitlines() if line and not line.startswith("#")]


def version_of(name: str) -> str:
    """Return the version a data file states."""
    if name.endswith(".toml"):
        return str(table(name)["version"])
    first = read(name).split("\n", 1)[0]
    if not first.startswith("# version: "):
        raise TableError(f"{name}: no version.", f"数据文件 {name} 没有版本。")
    return first.removeprefix("# version: ").strip()


@dataclass(frozen=True)
class Rules:
    """The numbers and texts of ``rules.toml``."""

    version: str
    limits: Mapping[str, float]
    similarity: Mapping[str, float]
    change: Mapping[str, float]
    latin: Mapping[str, float]
    points: Mapping[str, float]
    reasons: Mapping[str, list[str]]
    against: Mapping[str, list[str]]

    def limit(self, name: str) -> int:
        """Return a limit that is a whole number."""
        return int(self.limits[name])

    def limit_of_latin(self, name: str) -> int:
        """Return a length of the Latin rules."""
        return int(self.latin[name])


@cache
def rules() -> Rules:
    """Return the rules in force."""
    data = table("rules.toml")
    parts = ("limits", "similarity", "change", "latin", "points", "reasons", "against")
    missing = [part for part in parts if not isinstance(data.get(part), dict)]
    if missing:
        raise TableError(f"rules.toml: no [{missing[0]}].", f"rules.toml 缺少 [{missing[0]}]。")
    return Rules(version=str(data["version"]), **{part: data[part] for part in parts})


@cache
def versions() -> Mapping[str, Any]:
    """Return the versions of code, rules, tables and libraries that make a result."""
    return MappingProxyType(
        {
            "code": CODE,
            "rules": rules().version,
            "tables": {name: version_of(name) for name in (*TABLES, *WORDS)},
            "libraries": {name: metadata.version(name) for name in LIBRARIES},
        }
    )
