"""Verbs of relayctl that write: how each is called, and whether what it left is right."""
import dataclasses
import json
import pathlib
import shutil
import subprocess
from typing import Callable, Iterator, Mapping

from contents import Documents, difference, documents, parsed, without_update
from relay import Programs

ORDERS = 40
VERB_SECONDS = 60


@dataclasses.dataclass
class Bench:
    """What verbs work on: a folder that is put back before each call, and a copy of it.

    In it: `store` with sample data, `dump.jsonl` of it, `repository` with snapshots of it.
    """

    programs: Programs
    place: pathlib.Path
    template: pathlib.Path
    seed: int
    wanted: Documents = dataclasses.field(default_factory=dict)

    def prepare(self) -> None:
        """Makes the template."""
        self.template.mkdir()
        store, repository = self.template / 'store', self.template / 'repository'
        self.programs.sample(store, orders=ORDERS, seed=self.seed)
        for _ in range(3):
            self.programs.done('snapshot', 'create', '--store', store, '--into', repository)
            self.programs.key(store)
        self.programs.done('dump', '--store', store, '--to', self.template / 'dump.jsonl')
        self.wanted = documents(self.programs, store)

    def put_back(self) -> None:
        """Makes the folder what it was."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.template, self.place)

    def wrong_store(self, store: pathlib.Path, loaded: bool = False) -> str:
        """What is wrong with a store that has to be whole and hold the sample; nothing: ''.

        A load gives documents the time of the load.
        """
        check = self.programs.relayctl('check', '--store', store)
        if check.returncode != 0:
            return f'check exits with {check.returncode}: {(check.stdout + check.stderr)[-300:]}'
        found = documents(self.programs, store)
        if loaded:
            return difference(without_update(found), without_update(self.wanted))
        return difference(found, self.wanted)

    def wrong_repository(self, snapshots: int, name: str = 'repository') -> str:
        """What is wrong with a repository that has to have so many snapshots."""
        repository = self.place / name
        verify = self.programs.relayctl('snapshot', 'verify', repository)
        if verify.returncode != 0:
            said = verify.stdout + verify.stderr
            return f'verify exits with {verify.returncode}: {said[-300:]}'
        listed = json.loads(self.programs.done('snapshot', 'list', repository, '--json').stdout)
        count = len(listed['snapshots'])
        return '' if count == snapshots else f'{count} snapshots instead of {snapshots}'


@dataclasses.dataclass(frozen=True)
class Verb:
    """A call of relayctl: `arguments` of it, and what is wrong after it said done or failed.

    Words that begin with @ are paths below the bench's folder.
    """

    name: str
    arguments: list[str]
    wrong_when_done: Callable[[Bench], str]
    wrong_when_failed: Callable[[Bench], str]
    wrong_when_repeated: Callable[[Bench], str] | None = None

    def call(self, bench: Bench) -> list[str]:
        """The arguments with whole paths and the seed."""
        seed = str(bench.seed)
        return [
            word.replace('@', f'{bench.place}/').replace('SEED', seed) for word in self.arguments]


def call(
    bench: Bench, verb: Verb, environment: Mapping[str, str] | None = None,
) -> tuple[int, str]:
    """Calls a verb on the bench as it is: its exit code and what it said on standard error."""
    try:
        result = bench.programs.relayctl(
            *verb.call(bench), environment=environment, timeout=VERB_SECONDS)
    except subprocess.TimeoutExpired:
        return -1, f'it hangs for {VERB_SECONDS} s'
    return result.returncode, result.stderr


def judge(bench: Bench, verb: Verb, code: int, message: str) -> Iterator[str]:
    """What is wrong about the outcome of a call during which something failed.

    What failed works again now: a verb that said it failed is called once more.
    """
    said = ' '.join(line for line in message.splitlines() if '%' not in line)[-300:]
    if code < 0:
        yield f'ended by signal {-code}: {said}'
    if code == 0:
        wrong = verb.wrong_when_done(bench)
        if wrong:
            yield f'done, but {wrong}'
        return
    if str(bench.place) not in said:
        yield f'the message names no file: {said!r}'
    wrong = verb.wrong_when_failed(bench)
    if wrong:
        yield f'it failed ({said}), and {wrong}'
    code, message = call(bench, verb)
    wrong = message if code else (verb.wrong_when_repeated or verb.wrong_when_done)(bench)
    if wrong:
        yield f'it failed ({said}), and so it does once more without a fault: {wrong}'


def _new(bench: Bench) -> str:
    return bench.wrong_store(bench.place / 'new')


def _loaded(bench: Bench) -> str:
    return bench.wrong_store(bench.place / 'new', loaded=True)


def _old(bench: Bench) -> str:
    """What the verb only reads is as it was."""
    return bench.wrong_store(bench.place / 'store')


def _none_or_whole(bench: Bench) -> str:
    """A store that is made whole or not at all."""
    new = bench.place / 'new'
    return bench.wrong_store(new) if (new / 'data.mdb').exists() else ''


def _none_or_sound(bench: Bench) -> str:
    """A store that may be in the middle of a load: what is in it is sound."""
    new = bench.place / 'new'
    if not (new / 'data.mdb').exists():
        return ''
    check = bench.programs.relayctl('check', '--store', new)
    return '' if check.returncode == 0 else f'check: {(check.stdout + check.stderr)[-300:]}'


def _dump(bench: Bench) -> str:
    try:
        return difference(parsed((bench.place / 'dump.jsonl').read_text()), bench.wanted)
    except ValueError as error:
        return str(error)


def _directory(bench: Bench) -> str:
    copy = bench.place / 'copy'
    verify = bench.programs.relayctl('snapshot', 'verify', copy)
    return '' if verify.returncode == 0 else f'verify: {(verify.stdout + verify.stderr)[-300:]}'


def _snapshots(count: int) -> Callable[[Bench], str]:
    return lambda bench: bench.wrong_repository(count) or _old(bench)


def _other(bench: Bench) -> str:
    return bench.wrong_repository(1, 'other') or _old(bench)


def _pruned_or_not(bench: Bench) -> str:
    """A prune in the middle: every snapshot that is still listed is whole."""
    repository = bench.place / 'repository'
    listed = json.loads(bench.programs.done('snapshot', 'list', repository, '--json').stdout)
    return bench.wrong_repository(len(listed['snapshots']))


def _keys(counts: set[int]) -> Callable[[Bench], str]:
    def wrong(bench: Bench) -> str:
        made = bench.programs.done(
            'keys', 'list', '--store', bench.place / 'store', '--account', 1, '--json')
        count = len(json.loads(made.stdout)['keys'])
        return _old(bench) or ('' if count in counts else f'{count} keys')
    return wrong


VERBS = [
    Verb('sample', ['sample', '--store', '@new', '--orders', str(ORDERS), '--seed', 'SEED'],
         _new, _none_or_whole),
    Verb('load', ['load', '--store', '@new', '@dump.jsonl'], _loaded, _none_or_sound),
    Verb('dump', ['dump', '--store', '@store', '--to', '@dump.jsonl'], _dump, _dump),
    Verb('snapshot create --to',
         ['snapshot', 'create', '--store', '@store', '--to', '@copy'], _directory, _old),
    Verb('snapshot create --into a new repository',
         ['snapshot', 'create', '--store', '@store', '--into', '@other'],
         _other, _old),
    Verb('snapshot create --into',
         ['snapshot', 'create', '--store', '@store', '--into', '@repository'],
         _snapshots(4), _snapshots(3)),
    Verb('snapshot restore', ['snapshot', 'restore', '@repository:latest', '--to', '@new'],
         _new, _none_or_whole),
    Verb('snapshot prune', ['snapshot', 'prune', '@repository', '--keep-last', '1'],
         _snapshots(1), _pruned_or_not),
    Verb('keys create', ['keys', 'create', '--store', '@store', '--account', '1'],
         _keys({4}), _keys({3, 4}), _keys({4, 5}))]
