"""Verbs of relayctl that write: how each is called, and whether what it left is right."""
import dataclasses
import json
import pathlib
import shutil
from typing import Callable

from contents import Documents, difference, documents, parsed
from relay import Programs

ORDERS = 40


@dataclasses.dataclass
class Bench:
    """What verbs work on: a folder that is put back before each call, and a copy of it.

    In it: `store` with sample data, `dump.jsonl` of it, `repository` with snapshots of it.
    """

    programs: Programs
    place: pathlib.Path
    template: pathlib.Path
    wanted: Documents = dataclasses.field(default_factory=dict)

    def prepare(self, seed: int) -> None:
        """Makes the template."""
        self.template.mkdir()
        store = self.template / 'store'
        self.programs.sample(store, orders=ORDERS, seed=seed)
        for account in (1, 1, 1):
            self.programs.done('snapshot', 'create', '--store', store, '--into',
                               self.template / 'repository')
            self.programs.key(store, account)
        self.programs.done('dump', '--store', store, '--to', self.template / 'dump.jsonl')
        self.wanted = documents(self.programs, store)

    def put_back(self) -> None:
        """Makes the folder what it was."""
        shutil.rmtree(self.place, ignore_errors=True)
        shutil.copytree(self.template, self.place)

    def wrong_store(self, store: pathlib.Path) -> str:
        """What is wrong with a store that has to be whole and hold the sample; nothing: ''."""
        check = self.programs.relayctl('check', '--store', store)
        if check.returncode != 0:
            return f'check exits with {check.returncode}: {(check.stdout + check.stderr)[-300:]}'
        return difference(documents(self.programs, store), self.wanted)

    def wrong_repository(self, snapshots: int) -> str:
        """What is wrong with the repository, which has to have so many snapshots."""
        repository = self.place / 'repository'
        verify = self.programs.relayctl('snapshot', 'verify', repository)
        if verify.returncode != 0:
            return f'verify exits with {verify.returncode}: {(verify.stdout + verify.stderr)[-300:]}'
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
    wrong_when_failed: Callable[[Bench], str] = lambda _bench: ''

    def call(self, bench: Bench) -> list[str]:
        """The arguments with whole paths."""
        return [
            word.replace('@', f'{bench.place}/', 1) if '@' in word else word
            for word in self.arguments]


def _new(bench: Bench) -> str:
    return bench.wrong_store(bench.place / 'new')


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
    Verb('load', ['load', '--store', '@new', '@dump.jsonl'], _new, _none_or_sound),
    Verb('dump', ['dump', '--store', '@store', '--to', '@dump.jsonl'], _dump, _dump),
    Verb('snapshot create --to',
         ['snapshot', 'create', '--store', '@store', '--to', '@copy'], _directory, _old),
    Verb('snapshot create --into a new repository',
         ['snapshot', 'create', '--store', '@store', '--into', '@other'], _old, _old),
    Verb('snapshot create --into',
         ['snapshot', 'create', '--store', '@store', '--into', '@repository'],
         _snapshots(4), _snapshots(3)),
    Verb('snapshot restore', ['snapshot', 'restore', '@repository:latest', '--to', '@new'],
         _new, _none_or_whole),
    Verb('snapshot prune', ['snapshot', 'prune', '@repository', '--keep-last', '1'],
         _snapshots(1), _pruned_or_not),
    Verb('keys create', ['keys', 'create', '--store', '@store', '--account', '1'],
         _keys({4}), _keys({3, 4}))]
