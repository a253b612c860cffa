"""What every torture shares: its options, its lines of figures, and its last line."""
import argparse
import collections
import contextlib
import dataclasses
import pathlib
import random
import re
import shlex
import shutil
import sys
import tempfile
import time
import traceback
from typing import Callable

import relay

# A torture that goes wrong everywhere says so a few times in detail.
SHOWN_OF_A_KIND = 3


@dataclasses.dataclass(frozen=True)
class Number:
    """A number of the command line: --NAME N, with one default for each form."""

    name: str
    short: float
    long: float
    help: str


class Stop(Exception):
    """Going on tells nothing more; its text, if it has one, says why the torture cannot be done."""


class LeftOut(Exception):
    """The torture cannot be done here; its text says why."""


class Run:
    """One run of a torture: what it was asked for, and what it found.

    `place` is an empty directory with a short path, removed at the end unless something is wrong.
    """

    def __init__(self, name: str, options: argparse.Namespace, place: pathlib.Path) -> None:
        self.name = name
        self.options = options
        self.place = place
        self.plant: str | None = options.plant
        # What the planted fault has to be found by, as a regular expression.
        self.finding = options.findings.get(options.plant, '')
        self.seed: int = options.seed
        self.random = random.Random(options.seed)
        self.programs = relay.Programs(pathlib.Path(options.bin))
        self.faults: list[str] = []
        # Why the torture itself could not go on: what says nothing about the programs.
        self.broken: list[str] = []
        self.kinds: collections.Counter[str] = collections.Counter()
        self.summary = self.left_out = ''
        self.started = time.monotonic()

    def number(self, name: str) -> int:
        """A number that the torture named, of the form that was asked for."""
        return int(getattr(self.options, name.replace('-', '_')))

    def step(self, text: str) -> None:
        """Prints one line of figures."""
        print(f'{self.name}: {text}', flush=True)

    def wrong(self, text: str) -> None:
        """Notes something that must not be; the run goes on and fails at its end.

        With a planted fault only what has to find it counts, and once is enough.
        """
        if self.plant is not None and not re.search(self.finding, text):
            self.step(f'wrong, but not for the planted fault: {text}')
            return
        self.faults.append(text)
        # Of a kind are those that differ only in numbers, paths and names in capitals.
        kind = re.sub(r'[0-9]+|/[^ ]+|[A-Z]{3,}|short', '', text)[:120]
        self.kinds[kind] += 1
        if self.kinds[kind] <= SHOWN_OF_A_KIND:
            self.step(f'WRONG: {text}')
        if self.plant is not None:
            raise Stop

    def expect(self, holds: bool, text: str) -> bool:
        """Notes `text` as wrong unless `holds`; returns `holds`."""
        if not holds:
            self.wrong(text)
        return holds


def main(
    torture: Callable[[Run], None], plants: dict[str, str], numbers: list[Number],
    findings: dict[str, str] | None = None,
) -> None:
    """Runs a torture as the command line says, and ends the process with 0, 1 or 2.

    `torture` tells its run what is wrong and sets `run.summary`, which the last line says when
    all held. `plants` are the faults that it can be shown to find: name and explanation. The short
    form tries each of them after the torture itself. `findings` are regular expressions for what
    is said of a planted fault, where the programs may have faults of another kind.
    """
    options = parse(torture, plants, numbers)
    options.findings = findings or {}
    name = pathlib.Path(sys.argv[0]).stem
    held = perform(name, torture, options)
    if options.short and options.plant is None:
        for plant in plants:
            held &= plant_is_found(name, torture, options, plant)
    sys.exit(0 if held else 1)


def parse(
    torture: Callable[[Run], None], plants: dict[str, str], numbers: list[Number],
) -> argparse.Namespace:
    """Reads the command line; a wrong one ends the process with 2."""
    description = sys.modules[torture.__module__].__doc__
    parser = argparse.ArgumentParser(
        prog=f'tools/torture {pathlib.Path(sys.argv[0]).stem}', description=description,
        formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument('--short', action='store_true', help='the form of tools/test')
    parser.add_argument('--bin', metavar='DIR', help='where relayd and relayctl are')
    parser.add_argument('--seed', type=int, metavar='N', help='repeats what a run with it did')
    parser.add_argument('--keep', action='store_true', help='keep the directory it worked in')
    if plants:
        parser.add_argument(
            '--plant', choices=list(plants), help='; '.join(f'{k}: {v}' for k, v in plants.items()))
    else:
        parser.set_defaults(plant=None)
    for number in numbers:
        parser.add_argument(
            f'--{number.name}', type=float, metavar='N',
            help=f'{number.help}; short {number.short:g}, long {number.long:g}')
    options = parser.parse_args()
    if not options.bin or not (pathlib.Path(options.bin) / 'relayd').exists():
        parser.error('--bin names no directory with relayd')
    if options.seed is None:
        options.seed = random.SystemRandom().randrange(1 << 31)
    options.given = [number.name for number in numbers if given(options, number) is not None]
    for number in numbers:
        if given(options, number) is None:
            chosen = number.short if options.short else number.long
            setattr(options, number.name.replace('-', '_'), chosen)
    return options


def given(options: argparse.Namespace, number: Number) -> float | None:
    """What the options hold for a number."""
    return getattr(options, number.name.replace('-', '_'))


def command(name: str, options: argparse.Namespace) -> str:
    """The command that does the same again."""
    words = ['tools/torture', name, '--seed', str(options.seed), '--bin', options.bin]
    if options.short:
        words.append('--short')
    if options.plant:
        words += ['--plant', options.plant]
    for number in options.given:
        words += [f'--{number}', f"{getattr(options, number.replace('-', '_')):g}"]
    return shlex.join(words)


@contextlib.contextmanager
def working_place(keep: bool):
    """A directory with a short path (a Unix socket's has at most 107 bytes)."""
    place = pathlib.Path(tempfile.mkdtemp(prefix='relay-', dir='/tmp'))
    try:
        yield place
    finally:
        if keep:
            print(f'left: {place}')
        else:
            shutil.rmtree(place, ignore_errors=True)


def one_line(fault: str, most: int = 400) -> str:
    """A fault as a piece of a line; of a traceback only its end."""
    lines = fault.strip().splitlines()
    text = f'{lines[0]} {lines[-1]}' if 'Traceback' in lines[0] else ' '.join(lines)
    return text[:most]


def collect(name: str, torture: Callable[[Run], None], options: argparse.Namespace) -> Run:
    """Performs the torture; an exception of its own is no finding, but the torture fails by it."""
    with working_place(options.keep) as place:
        run = Run(name, options, place)
        try:
            torture(run)
        except LeftOut as reason:
            run.left_out = run.summary = f'left out: {reason}'
        except Stop as reason:
            run.broken += [str(reason)] if str(reason) else []
        except Exception:  # noqa: BLE001  (whatever it is, the last line has to be printed)
            trace = traceback.format_exc()
            run.step(trace)
            run.broken.append(f'the torture itself failed: {trace}')
        finally:
            relay.end_all()
        return run


def perform(name: str, torture: Callable[[Run], None], options: argparse.Namespace) -> bool:
    """Performs the torture and prints its last line; whether all held."""
    run = collect(name, torture, options)
    seconds = time.monotonic() - run.started
    faults = run.faults + run.broken
    if not faults:
        print(f'{name}: ok, {run.summary} ({seconds:.1f} s)', flush=True)
        return True
    print(
        f'{name}: FAILED, {len(faults)} wrong, the first: {one_line(faults[0])}; repeat: '
        f'{command(name, options)}', flush=True)
    return False


def plant_is_found(
    name: str, torture: Callable[[Run], None], options: argparse.Namespace, plant: str,
) -> bool:
    """Plants a fault in the programs: whether the torture finds it. Its output is kept short."""
    planted = argparse.Namespace(**{**vars(options), 'plant': plant})
    with contextlib.redirect_stdout(None):
        run = collect(name, torture, planted)
    if run.faults:
        print(f'{name}: planted {plant} is found: {one_line(run.faults[0], 160)}', flush=True)
        return True
    if run.left_out:
        print(f'{name}: planted {plant} is not tried, {run.left_out}', flush=True)
        return True
    why = f' ({one_line(run.broken[0])})' if run.broken else ''
    print(
        f'{name}: FAILED, planted {plant} is not found{why}; repeat: {command(name, planted)}',
        flush=True)
    return False
