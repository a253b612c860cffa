"""Units of systemd as files: what systemd would make of them, for where it does not boot."""
import pathlib
import re
from typing import Iterator

PLACES = ('lib/systemd/system', 'etc/systemd/system')


class Unit:
    """The settings of a unit and of its drop-ins, in order."""

    def __init__(self, name: str, settings: list[tuple[str, str]]) -> None:
        self.name = name
        self.settings = settings

    def all(self, name: str) -> list[str]:
        """All values of a setting; an empty one takes back those before it."""
        values: list[str] = []
        for key, value in self.settings:
            if key == name:
                values = [*values, value] if value else []
        return values

    def __getitem__(self, name: str) -> str:
        """The value that holds."""
        values = self.all(name)
        if not values:
            raise KeyError(f'{self.name} has no {name}')
        return values[-1]

    def words(self, name: str) -> list[str]:
        """The words of a setting; none without it."""
        return ' '.join(self.all(name)).split()


def _settings(path: pathlib.Path) -> Iterator[tuple[str, str]]:
    for line in path.read_text().splitlines():
        found = re.fullmatch(r'([A-Za-z]+)=(.*)', line)
        if found:
            yield found[1], found[2].strip()


def read(root: pathlib.Path, name: str) -> Unit:
    """A unit of a root directory, with what its administrator added."""
    settings: list[tuple[str, str]] = []
    for place in PLACES:
        if (root / place / name).exists():
            settings += _settings(root / place / name)
    for place in PLACES:
        for path in sorted((root / place / f'{name}.d').glob('*.conf')):
            settings += _settings(path)
    if not settings:
        raise KeyError(f'there is no unit {name}')
    return Unit(name, settings)


def as_shell(command: str) -> str:
    """A command of ExecStart for a shell: ${NAME} is one word, and $NAME as many as it has."""
    return re.sub(r'\$\{(\w+)\}', r'"$\1"', command)
