"""From a document's text to its configuration as a tree, whatever the format; and the prose that stands around it."""

from __future__ import annotations

import re
import textwrap
from dataclasses import dataclass, field

from headrace.spec.data_tree import read_data
from headrace.spec.faults import Fault, Faults
from headrace.spec.listed import listed_in
from headrace.spec.markdown import Block, Line, is_described, take_apart
from headrace.spec.near_python import mended
from headrace.spec.node import Node, rooted
from headrace.spec.python_config import read_python

_DATA_LANGUAGES = {"yaml": "yaml", "yml": "yaml", "json": "json", "toml": "toml"}
_SLASHES = re.compile(r"^\s*//.*$", re.MULTILINE)


@dataclass(frozen=True, slots=True)
class Document:
    """A document as found: `config` None where it holds no configuration that can be read.

    `listed` are the lines of prose that list endpoints.
    """

    config: Node | None
    name: str | None = None
    sections: dict[str, tuple[Line, ...]] = field(default_factory=dict)
    scaffold: bool = False
    listed: tuple[Line, ...] = ()

    @property
    def described(self) -> bool:
        """Whether prose tells of the whole configuration, as a scaffold's does."""
        return is_described(self.sections)


def open_document(text: str, form: str, faults: Faults) -> Document:
    """Finds the configuration in a text of format py, md, txt, yaml, json or toml."""
    text = text.removeprefix("\ufeff").replace("\r\n", "\n").replace("\r", "\n")
    if form in {"md", "txt"}:
        return _markdown(text, faults)
    if form == "py":
        config, name = read_python(text, 0, faults)
    else:
        config, name = _data(text, form, faults)
    return _document(config, name, faults)


def guessed_format(text: str) -> str:
    """The format of a text that has no name: by how it begins."""
    start = text.lstrip("\ufeff \t\r\n")
    if start.startswith("{"):
        return "json"
    if "```" in text or start.startswith("# "):
        return "md"
    if "rest_api_source" in text or "RESTAPIConfig" in text or start.startswith(("import ", "from ")):
        return "py"
    if start.startswith("["):  # a table of TOML has a name; anything else in brackets is a list of JSON
        return "toml" if start.lstrip("[")[:1].isalpha() else "json"
    return "yaml"


def _document(config: Node | None, name: str | None, faults: Faults) -> Document:
    if config is None:
        if not faults.fatal:
            _nothing(faults)
        return Document(None)
    return Document(rooted(config), name)


def _nothing(faults: Faults) -> None:
    faults.error(
        "no-config",
        "",
        1,
        "the document holds no configuration: no mapping with `client` and `resources` was found",
        "write one with both keys, or give it to rest_api_source(...)",
    )


def _data(text: str, form: str, faults: Faults) -> tuple[Node | None, str | None]:
    root = read_data(text, form, faults)
    if root is None:
        return None, None
    if not isinstance(root.value, dict):
        return None, None
    sources = root.get("sources")
    if sources is not None and not {"client", "resources"} & set(root.items):
        return _source(sources, faults)
    name = root.get("name")
    return _without(root, "name"), name.word if name else None


def _source(sources: Node, faults: Faults) -> tuple[Node | None, str | None]:
    """`sources: NAME: type: rest_api`, the first of them."""
    ours = {name: node for name, node in sources.items.items() if _is_rest_api(node)}
    if not ours:
        return None, None
    if len(ours) > 1:
        second, which = list(ours.values())[1].at, f"`{next(iter(ours))}`"
        faults.tell("several-configurations", "", second, number=len(ours), what="sources", which=which)
    name, node = next(iter(ours.items()))
    return _without(_without(node, "type"), "name"), name


def _is_rest_api(node: Node) -> bool:
    kind = node.get("type")
    if kind is not None:
        return (kind.word or "").rsplit(".", 1)[-1] == "rest_api"
    return {"client", "resources"} <= set(node.items)


def _without(node: Node, key: str) -> Node:
    return Node({name: sub for name, sub in node.items.items() if name != key}, node.line, node.path, node.key_line)


def _markdown(text: str, faults: Faults) -> Document:
    markdown = take_apart(text)
    if markdown.wrapped:
        faults.tell("wrapped-document", "", 1)
    first: list[Fault] | None = None
    for block in markdown.configurations:
        tried = Faults()
        config, name, scaffold = _block(block, tried)
        if config is not None:
            faults.take(tried)
            scaffold, listed = scaffold or markdown.is_scaffold, listed_in(markdown.prose)
            return Document(rooted(config), name, markdown.sections, scaffold, listed)
        if tried.fatal and first is None:
            first = tried.found
    faults.found.extend(first or [])
    if first is None:
        _no_block(bool(markdown.blocks), faults)
    return Document(None, scaffold=markdown.is_scaffold)


def _block(block: Block, faults: Faults) -> tuple[Node | None, str | None, bool]:
    form = _DATA_LANGUAGES.get(block.language)
    if form is not None:
        inner = Faults()
        config, name = _data(block.text, form, inner)
        faults.found.extend(_lower(fault, block.offset) for fault in inner.found)
        return (None if config is None else lowered(config, block.offset)), name, False
    text = block.text
    slashes = _SLASHES.search(text)
    if slashes is not None:
        row = text.count("\n", 0, slashes.start()) + 1
        text = _SLASHES.sub("", text)
        faults.tell("resources-cut-off", "resources", row + block.offset, comment=slashes[0].strip())
    before = len(faults.found)
    text = mended(textwrap.dedent(text), block.offset, faults)
    near = len(faults.found) > before or block.language == "python-outcome"
    config, name = read_python(text, block.offset, faults)
    return config, name, near or slashes is not None


def lowered(node: Node, offset: int) -> Node:
    """The same tree, some lines further down."""
    value = node.value
    if isinstance(value, dict):
        value = {key: lowered(sub, offset) for key, sub in value.items()}
    elif isinstance(value, list):
        value = [lowered(sub, offset) for sub in value]
    return Node(value, node.line + offset, node.path, node.key_line + offset if node.key_line else 0)


def _lower(fault: Fault, offset: int) -> Fault:
    return Fault(fault.code, fault.severity, fault.path, (fault.line or 1) + offset, fault.problem, fault.fix)


def _no_block(any_block: bool, faults: Faults) -> None:
    what = "none of its fenced blocks holds a configuration" if any_block else "it has no fenced block"
    faults.error(
        "no-config",
        "",
        1,
        f"the document holds no configuration: {what}",
        "write it in a ```python block: rest_api_source({...}) with `client` and `resources`",
    )
