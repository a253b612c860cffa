"""What a page of the documentation tells an operator to type, and to write into files."""
import dataclasses
import pathlib
import re

DOCS = pathlib.Path(__file__).resolve().parents[1] / 'docs'


@dataclasses.dataclass(frozen=True)
class Line:
    """A line to type: `as_root` where its prompt is #, else as whoever has the right to."""

    text: str
    as_root: bool


class PageFault(Exception):
    """The page does not have what the drill needs."""


class Page:
    """A page, and the words in capitals of it that stand for something."""

    def __init__(self, name: str, places: dict[str, str]) -> None:
        self.name = name
        self.text = (DOCS / name).read_text()
        self.places = places

    def section(self, title: str) -> str:
        """What stands under a heading of the second level."""
        found = re.search(rf'^## {re.escape(title)}$(.*?)(?=^## |\Z)', self.text, re.M | re.S)
        if found is None:
            raise PageFault(f'{self.name} has no section {title!r}')
        return found[1]

    def block(self, title: str, number: int) -> list[Line]:
        """The lines of the n-th block of commands under a heading, counted from 0, as they are typed:
        without what explains them, and with what the words in capitals stand for."""
        blocks = re.findall(r'^```console\n(.*?)^```$', self.section(title), re.M | re.S)
        if number >= len(blocks):
            raise PageFault(f'{self.name}, {title!r}: no block {number + 1} of commands')
        lines = []
        for line in blocks[number].splitlines():
            if line[:2] in ('$ ', '# '):
                text = re.split(r'\s+# ', line[2:])[0].strip()
                lines.append(Line(self.meant(text), line[0] == '#'))
        return lines

    def line(self, title: str, number: int, start: str) -> Line:
        """The line of a block that begins with these words."""
        for line in self.block(title, number):
            if line.text.startswith(start):
                return line
        raise PageFault(f'{self.name}, {title!r}: no line {start!r} in block {number + 1}')

    def files(self, title: str) -> dict[str, str]:
        """The files that a section shows: blocks of settings whose first line is a path behind a #."""
        found = re.findall(
            r'^```ini\n# (/\S+)\n(.*?)^```$', self.section(title), re.M | re.S)
        return {path: self.meant(text) for path, text in found}

    def meant(self, text: str) -> str:
        """A text with what its words in capitals stand for."""
        return re.sub(
            r'[A-Z][A-Z_]+', lambda word: self.places.get(word[0], word[0]), text)
