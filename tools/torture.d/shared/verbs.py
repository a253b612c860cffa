"""Verbs of relayctl that write: how each is called, and whether what it left is right."""
import dataclasses
import json
import subprocess
from typing import Callable, Iterator, Mapping

from contents import difference, documents, parsed, without_update
from workbench import LACKING, ORDERS, Bench

VERB_SECONDS = 60


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
    # What it exits with when it is done.
    code: int = 0

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
    if code == verb.code:
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
    wrong = message if code != verb.code else (verb.wrong_when_repeated or verb.wrong_when_done)(bench)
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


def _salvaged(bench: Bench) -> str:
    """The store of what could be read; what refers to the rest is in a file."""
    new = bench.place / 'new'
    check = bench.programs.relayctl('check', '--store', new)
    if check.returncode != 0:
        return f'check exits with {check.returncode}: {(check.stdout + check.stderr)[-300:]}'
    lines = (bench.place / 'unplaced.jsonl').read_text().splitlines()
    kinds = {json.loads(line).get('resource') for line in lines}
    if 'unit' not in kinds:
        return f'the file of what is unplaced has {kinds}'
    return difference(documents(bench.programs, new), bench.readable)


def _none_or_salvaged(bench: Bench) -> str:
    """A salvage makes a store as a whole or not at all."""
    return _salvaged(bench) if (bench.place / 'new' / 'data.mdb').exists() else ''


def _brought_back(bench: Bench) -> str:
    return bench.wrong_store(bench.place / 'lacking', loaded=True)


def _lacking_or_whole(bench: Bench) -> str:
    """The record is there or not, and nothing else is another."""
    found = documents(bench.programs, bench.place / 'lacking')
    if (1, 'order', LACKING) in found:
        return _brought_back(bench)
    wanted = {key: text for key, text in bench.wanted.items() if key != (1, 'order', LACKING)}
    return difference(without_update(found), without_update(wanted))


def _told(bench: Bench, *words: str) -> dict:
    return json.loads(
        bench.programs.done(*words, '--store', bench.place / 'store', '--json').stdout)


def _limited(rates: set[str | None]) -> Callable[[Bench], str]:
    """The first key has one of these rates."""
    def wrong(bench: Bench) -> str:
        key = next(key for key in _told(bench, 'keys', 'list', '--account', '1')['keys'] if key['id'] == 1)
        return _old(bench) or ('' if key.get('rate') in rates else f"rate {key.get('rate')}")
    return wrong


def _quota(quotas: set[int | None]) -> Callable[[Bench], str]:
    """Account 1 has one of these quotas, and what it uses is right."""
    def wrong(bench: Bench) -> str:
        quota = next(
            (one.get('quotaBytes') for one in _told(bench, 'accounts', 'list')['accounts']
             if one['account'] == 1), None)
        return _old(bench) or ('' if quota in quotas else f'quota {quota}')
    return wrong


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
         _keys({4}), _keys({3, 4}), _keys({4, 5})),
    Verb('keys set', ['keys', 'set', '1', '--store', '@store', '--rate', '5/s'],
         _limited({'5/s'}), _limited({None, '5/s'})),
    Verb('accounts set', ['accounts', 'set', '1', '--store', '@store', '--quota', '10MiB'],
         _quota({10 << 20}), _quota({None, 10 << 20})),
    Verb('accounts list', ['accounts', 'list', '--store', '@store'], _old, _old),
    Verb('snapshot restore --records',
         ['snapshot', 'restore', '@repository:latest', '--records', f'orders/{LACKING}',
          '--store', '@lacking'],
         _brought_back, _lacking_or_whole),
    Verb('snapshot restore --salvage',
         ['snapshot', 'restore', '@damaged', '--to', '@new', '--salvage',
          '--unplaced', '@unplaced.jsonl'],
         _salvaged, _none_or_salvaged, code=3)]
