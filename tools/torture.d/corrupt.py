"""damaged files of every kind: found, or harmless, never taken for good; the message says where"""
import collections
import contextlib
import dataclasses
import json
import pathlib
import shutil
import subprocess
from typing import Iterator

import report
from client import Answer, Unanswered
from contents import Documents, difference, documents, parsed, without_update
from damage import Damage, common, damaged, flip, foreign, of_newer_lmdb, of_other_architecture
from relay import Programs, Relayd
from report import Number, Run
from shim import Shim
from verbs import Bench

CALL_SECONDS = 60
# Writes to the store whose log is damaged, fewer than it takes a second to make.
LOGGED_WRITES = 60
LOGGED_ORDERS = 20
# What relayctl says of a damage: found, with 3 or 1; anything else is a crash.
OUTCOMES = {0, 1, 3}


@dataclasses.dataclass(frozen=True)
class Thing:
    """Something of several files that can be damaged, and how to look at it.

    `finder` is the verb whose duty it is to find damages; `maker` makes of the thing a store or a
    dump, which has to be right where it says done.
    """

    name: str
    path: pathlib.Path
    finder: list[str]
    maker: list[str]

    def files(self) -> list[pathlib.Path]:
        """Its files but for those that are only there to be locked."""
        if self.path.is_file():
            return [self.path]
        return sorted(
            file for file in self.path.rglob('*')
            if file.is_file() and file.suffix != '.lock' and file.name != 'lock.mdb')


class Corrupt:
    """All damages of all things."""

    def __init__(self, run: Run) -> None:
        self.run = run
        self.programs = run.programs
        if run.plant == 'blind':
            self.programs = blind(run)
        self.bench = Bench(run.programs, run.place / 'work', run.place / 'template', run.seed)
        self.bench.prepare()
        self.key = run.programs.key(self.bench.template / 'store')
        self.bench.put_back()
        self.made = run.place / 'made'
        self.outcomes: collections.Counter[str] = collections.Counter()
        self.foreign = foreign(run.place)

    def things(self) -> list[Thing]:
        """A store, a snapshot's directory, a repository, and dumps of both forms."""
        place, made = self.bench.place, str(self.made)
        store, copy, repository = place / 'store', place / 'copy', place / 'repository'
        self.run.programs.done('snapshot', 'create', '--store', store, '--to', copy)
        self.run.programs.done('dump', '--store', store, '--to', place / 'dump.zst')
        things = [
            Thing('store', store, ['check', '--store', str(store)],
                  ['dump', '--store', str(store), '--to', made]),
            Thing('snapshot', copy, ['snapshot', 'verify', str(copy)],
                  ['snapshot', 'restore', str(copy), '--to', made]),
            Thing('repository', repository, ['snapshot', 'verify', str(repository)],
                  ['snapshot', 'restore', f'{repository}:latest', '--to', made])]
        for name in ('dump.zst', 'dump.jsonl'):
            load = ['load', '--store', made, str(place / name)]
            things.append(Thing(name, place / name, load, load))
        return things

    def flips(self, thing: Thing) -> None:
        """Single bits, in files by their size. Lines of JSON have no checksum to find one by."""
        files = [file for file in thing.files() if file.stat().st_size > 0]
        sizes = [file.stat().st_size for file in files]
        before = self.outcomes.copy()
        count = self.run.number('flips') if thing.name != 'dump.jsonl' else 0
        for _ in range(count):
            file = self.run.random.choices(files, sizes)[0]
            self.look(thing, file, flip(self.run.random, file.stat().st_size))
        self.say(f'{thing.name}: {count} flips', before)

    def kinds(self, thing: Thing) -> None:
        """Every other damage, of every file."""
        before = self.outcomes.copy()
        for file in thing.files():
            size = file.stat().st_size
            damages = common(self.run.random, size)
            damages += [
                Damage(name, lambda _content, other=other: other)
                for name, other in self.foreign.items()]
            damages += self.own_kinds(thing, file)
            for damage in damages:
                self.look(thing, file, damage)
        self.say(f'{thing.name}: other damages', before)

    def own_kinds(self, thing: Thing, file: pathlib.Path) -> Iterator[Damage]:
        """What can happen to files of this kind only."""
        if file.name == 'data.mdb':
            yield Damage('of another architecture', of_other_architecture)
            yield Damage('of a newer LMDB', of_newer_lmdb)
        for other in thing.files():
            if other != file and other.suffix == file.suffix and other.parent == file.parent:
                content = other.read_bytes()
                yield Damage(f'swapped with {other.name}', lambda _content, new=content: new)
        newer = {
            'repository': (b'snapshots 1', b'snapshots 9'), '.jsonl': (b'"dump":2', b'"dump":9')}
        old, new = newer.get(file.suffix or file.name, (b'', b''))
        if old:
            if old not in file.read_bytes():
                raise report.Stop(f'{file} has another format by now')
            yield Damage('of a newer format', lambda content: content.replace(old, new, 1))

    def look(self, thing: Thing, file: pathlib.Path, damage: Damage) -> None:
        """One damage: what the finder and the maker say, and what is made."""
        what = f'{thing.name}, {file.relative_to(self.bench.place)} {damage.name}'
        with damaged(file, damage):
            found = self.call(what, thing, file, thing.finder)
            if thing.maker is not thing.finder:
                made = self.call(what, thing, file, thing.maker)
                wrong = self.wrong_made(thing) if made == 0 else ''
                if wrong:
                    self.run.wrong(f'{what}: {thing.maker[0]} says done, but {wrong}')
            else:
                made, wrong = found, self.wrong_made(thing) if found == 0 else ''
            if found == 0 and made == 0 and wrong:
                self.run.wrong(f'{what}: {" ".join(thing.finder[:2])} finds nothing, but {wrong}')
            elif found == 0 and made != 0:
                self.run.wrong(
                    f'{what}: {" ".join(thing.finder[:2])} finds nothing, but '
                    f'{thing.maker[0]} exits with {made}')
            self.outcomes['found' if found else 'harmless'] += 1
            if thing.name == 'store':
                self.serve(what)
        self.remove_made()

    def call(self, what: str, thing: Thing, file: pathlib.Path, words: list[str]) -> int:
        """Calls a verb: its exit code. It may not crash or hang, and has to say where."""
        self.remove_made()
        try:
            result = self.programs.relayctl(*words, timeout=CALL_SECONDS)
        except subprocess.TimeoutExpired:
            self.run.wrong(f'{what}: {" ".join(words[:2])} hangs')
            return -1
        said = result.stdout + result.stderr
        if result.returncode not in OUTCOMES:
            self.run.wrong(f'{what}: {" ".join(words[:2])} ends with {result.returncode}: {said}')
        # A finding names a page, a document or a snapshot of what was asked for.
        elif result.returncode == 1 and str(thing.path) not in said and file.name not in said:
            self.run.wrong(f'{what}: {" ".join(words[:2])} names no file: {said[-300:]!r}')
        # What has a checksum of its own is no longer what was written.
        if 'newer' in what and thing.name != 'snapshot' and 'damaged' in said:
            self.run.wrong(f'{what}: {" ".join(words[:2])} calls it damaged: {said[-300:]!r}')
        return result.returncode

    def wrong_made(self, thing: Thing) -> str:
        """What is wrong with what was made."""
        try:
            if self.made.is_file():
                return difference(parsed(self.made.read_text()), self.bench.wanted)
            dump = self.run.programs.done('dump', '--store', self.made).stdout
            if thing.name.startswith('dump'):
                return difference(
                    without_update(parsed(dump)), without_update(self.bench.wanted))
            return difference(parsed(dump), self.bench.wanted)
        except (ValueError, RuntimeError) as error:
            return str(error)

    def remove_made(self) -> None:
        """Makes room for the next."""
        if self.made.is_file():
            self.made.unlink()
        shutil.rmtree(self.made, ignore_errors=True)

    def serve(self, what: str) -> None:
        """relayd on the damaged store: it says why not, or it serves and does not crash."""
        store = self.bench.place / 'store'
        (self.run.place / 'relay.log').unlink(missing_ok=True)
        server = Relayd(self.programs, store, self.run.place / 'relay.sock', wait=False)
        if not server.wait_until_it_serves():
            code = server.kill()
            if code < 0 or str(store) not in server.log():
                self.run.wrong(f'{what}: relayd ends with {code}: {server.log()[-300:]!r}')
            self.outcomes['refused by relayd'] += 1
            return
        client, said = server.client(self.key), len(server.log())
        for resource in ('order', 'unit'):
            try:
                answer = client.get(f'/v1/{resource}s?limit=100')
                if answer.status == 200 and self.changed(resource, answer):
                    self.outcomes['served changed'] += 1
            except Unanswered as reason:
                # A fault in the middle of a list can only end the stream.
                if server.runs() and not server.says('\n', since=said):
                    self.run.wrong(f'{what}: relayd logs nothing: {reason}')
        code = server.stop()
        if code != 0:
            self.run.wrong(f'{what}: relayd, which served it, ends with {code}: '
                           f'{server.log()[-300:]!r}')

    def locks(self) -> None:
        """A lock file that is damaged while nobody has the store open does not matter."""
        store = self.bench.place / 'store'
        thing = Thing('lock', store, ['check', '--store', str(store)], [])
        before = self.outcomes.copy()
        self.run.programs.done('stat', '--store', store)
        file = store / 'lock.mdb'
        size = file.stat().st_size
        damages = common(self.run.random, size)
        damages += [flip(self.run.random, 128) for _ in range(self.run.number('flips'))]
        for damage in damages:
            what = f'lock.mdb {damage.name}'
            with damaged(file, damage):
                code = self.call(what, thing, file, thing.finder)
                self.run.expect(code == 0, f'{what}: check exits with {code}')
                self.serve(what)
            self.outcomes['harmless'] += 1
        self.say('lock.mdb', before)

    def log(self) -> None:
        """The log of a store whose machine is started anew: it goes on from its last checkpoint.

        What the log lacks then is refused. Only of its last group nobody can tell whether it was ever
        whole.
        """
        killed = self.run.place / 'killed'
        self.run.programs.sample(killed, orders=LOGGED_ORDERS, seed=self.run.seed)
        key = self.run.programs.key(killed)
        server = Relayd(self.run.programs, killed, self.run.place / 'killed.sock')
        client, last = server.client(key), 0
        for number in range(LOGGED_WRITES):
            last = number % LOGGED_ORDERS + 1
            status = client.patch(f'/v1/orders/{last}', {'title': f'title {number}'}).status
            self.run.expect(status == 200, f'a write is answered with {status}')
        server.kill()
        log = Log(self, killed, (1, 'order', last))
        before = self.outcomes.copy()
        files = log.files()
        for _ in range(self.run.number('flips')):
            file = self.run.random.choice(files)
            # Behind what was written there are zeros.
            end = len((killed / file).read_bytes().rstrip(b'\0'))
            log.look(file, flip(self.run.random, end))
        for file in files:
            size = (killed / file).stat().st_size
            damages = common(self.run.random, size)
            damages += [Damage(name, lambda _content, other=other: other)
                        for name, other in self.foreign.items()]
            damages += [
                Damage(f'swapped with {other}',
                       lambda _content, new=(killed / other).read_bytes(): new)
                for other in files if other != file]
            for damage in damages:
                log.look(file, damage)
        self.say('log', before)

    def changed(self, resource: str, answer: Answer) -> bool:
        """Whether one of the records that relayd served is not what was written."""
        wanted = self.bench.wanted
        try:
            return any(
                json.dumps(record, sort_keys=True) != wanted.get((1, resource, int(record['id'])))
                for record in answer.json())
        except ValueError:
            return True

    def say(self, what: str, before: 'collections.Counter[str]') -> None:
        """One line of figures."""
        new = ', '.join(f'{count} {name}' for name, count in (self.outcomes - before).items())
        self.run.step(f'{what}: {new or "none"}')


class Log:
    """The log of a store that was killed, to be damaged in copies of it."""

    def __init__(
        self, corrupt: Corrupt, killed: pathlib.Path, last: tuple[int, str, int],
    ) -> None:
        self.corrupt, self.run = corrupt, corrupt.run
        self.killed, self.last = killed, last
        self.store = self.run.place / 'tried'
        self.environment = Shim(self.run.place, killed).booted(self.run.place / 'boot')
        groups = json.loads(
            self.run.programs.done('log', 'verify', '--store', killed, '--json').stdout)['groups']
        if groups < 3:
            raise report.Stop(f'{groups} groups lie behind the last checkpoint')
        code, said, self.wanted = self.recovered()
        if code != 0 or 'last checkpoint' not in said:
            raise report.Stop(f'it does not go on from its last checkpoint: {said}')

    def files(self) -> list[pathlib.Path]:
        """Those of the log that something was written to, within the store."""
        return sorted(
            file.relative_to(self.killed) for file in (self.killed / 'log').iterdir()
            if any(file.read_bytes()))

    def recovered(
        self, file: pathlib.Path | None = None, damage: Damage | None = None,
    ) -> tuple[int, str, Documents]:
        """What relayctl says of a copy, and the documents that the store then has."""
        shutil.rmtree(self.store, ignore_errors=True)
        shutil.copytree(self.killed, self.store, ignore=shutil.ignore_patterns('*.sock*', 'lock.mdb'))
        with damaged(self.store / file, damage) if file and damage else contextlib.nullcontext():
            check = self.run.programs.relayctl(
                'check', '--store', self.store, environment=self.environment)
            said = check.stdout + check.stderr
            if check.returncode != 0:
                return check.returncode, said, {}
            return 0, said, documents(self.run.programs, self.store)

    def look(self, file: pathlib.Path, damage: Damage) -> None:
        """One damage: what was answered is there, but for the last write, or the store is refused."""
        what = f'{file} {damage.name}'
        code, said, found = self.recovered(file, damage)
        if code not in OUTCOMES:
            self.run.wrong(f'{what}: check ends with {code}: {said}')
        elif code != 0:
            self.run.expect(
                str(self.store) in said, f'{what}: check names no file: {said[-300:]!r}')
            self.corrupt.outcomes['found'] += 1
        else:
            lost = [key for key, text in self.wanted.items() if found.get(key) != text]
            self.run.expect(
                set(lost) <= {self.last} and len(found) == len(self.wanted),
                f'{what}: check finds nothing, but {difference(found, self.wanted)}')
            self.corrupt.outcomes['without the last group' if lost else 'harmless'] += 1


def blind(run: Run) -> Programs:
    """Plants a fault: a relayctl that says of damaged data that it is sound."""
    folder = run.place / 'blind'
    folder.mkdir()
    real = run.programs.directory
    (folder / 'relayd').symlink_to(real / 'relayd')
    script = folder / 'relayctl'
    script.write_text(
        f'#!/bin/sh\n"{real}/relayctl" "$@"\ncode=$?\n'
        'case $1 in check | snapshot) [ "$2" = restore ] || exit 0 ;; esac\nexit $code\n')
    script.chmod(0o755)
    return Programs(folder)


def torture(run: Run) -> None:
    """Every damage of every thing."""
    corrupt = Corrupt(run)
    for thing in corrupt.things():
        corrupt.flips(thing)
        corrupt.kinds(thing)
    corrupt.locks()
    corrupt.log()
    figures = ', '.join(f'{count} {name}' for name, count in corrupt.outcomes.items())
    run.summary = f'{figures}; none taken for good'


if __name__ == '__main__':
    report.main(
        torture,
        plants={'blind': 'relayctl check and snapshot verify say that all is sound'},
        numbers=[Number('flips', 12, 400, 'bits that are flipped, one at a time, of each thing')],
        findings={'blind': 'finds nothing, but'})
