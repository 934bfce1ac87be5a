"""XML from outside as a stream of elements, with no tree, no entities and no depth to fall into."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import NoReturn, Protocol
from xml.parsers import expat

from billing_canary.errors import EvidenceError

_DEEPEST = 100
_CHUNK = 1 << 16

Attributes = Mapping[str, str]


class Handler(Protocol):
    """What is told about each element, in document order."""

    def start(self, name: str, attributes: Attributes) -> None:
        """An element begins."""
        ...

    def end(self, name: str) -> None:
        """It ends."""
        ...

    def text(self, text: str) -> None:
        """A piece of the text inside it."""
        ...


def read_xml(file: Path, handler: Handler) -> None:
    """Tell `handler` every element of `file`.

    A document type that only points to a DTD elsewhere is passed over, since Cobertura writers add one; the
    DTD is never fetched. Declarations inside the document are refused.

    Raises:
        EvidenceError: no well-formed XML, declarations in it, nesting deeper than 100, or unreadable.
    """
    parser = expat.ParserCreate()
    depth = 0

    def start(name: str, attributes: dict[str, str]) -> None:
        nonlocal depth
        depth += 1
        if depth > _DEEPEST:
            raise EvidenceError(f"{file} is nested deeper than {_DEEPEST} elements")
        handler.start(name, attributes)

    def end(name: str) -> None:
        nonlocal depth
        depth -= 1
        handler.end(name)

    parser.StartElementHandler = start
    parser.EndElementHandler = end
    parser.CharacterDataHandler = handler.text
    _refuse_declarations(parser, file)
    _feed(parser, file)


def _refuse_declarations(parser: expat.XMLParserType, file: Path) -> None:
    def doctype(_name: str, _system: str | None, _public: str | None, has_internal_subset: bool) -> None:  # noqa: FBT001 - expat's signature
        if has_internal_subset:
            _declared()

    def _declared(*_: object) -> NoReturn:
        raise EvidenceError(f"{file} declares entities or a document type of its own; that is never needed")

    parser.StartDoctypeDeclHandler = doctype
    parser.EntityDeclHandler = _declared
    refused: Callable[..., NoReturn] = _declared
    parser.ElementDeclHandler = refused
    parser.AttlistDeclHandler = refused


def _feed(parser: expat.XMLParserType, file: Path) -> None:
    try:
        with file.open("rb") as stream:
            while chunk := stream.read(_CHUNK):
                parser.Parse(chunk, False)
        parser.Parse(b"", True)
    except expat.ExpatError as error:
        raise EvidenceError(f"{file} is no XML: {error}") from error
    except OSError as error:
        raise EvidenceError(f"{file} cannot be read: {error.strerror}") from error
    except (LookupError, ValueError) as error:  # an encoding that Python does not know
        raise EvidenceError(f"{file} is no XML: {error}") from error
