"""What verbs of relayctl are tried on: stores, dumps and snapshots, whole and damaged."""
import dataclasses
import json
import pathlib
import re
import shutil

from contents import Documents, difference, documents, without_update
from relay import Programs

ORDERS = 40
# An order that nothing refers to.
LACKING = 7


@dataclasses.dataclass
class Bench:
    """What verbs work on: a folder that is put back before each call, and a copy of it.

    In it: `store` with sample data, `dump.jsonl` of it, `repository` with snapshots of it, `damaged`, a
    snapshot whose first property cannot be read, and `lacking`, a store without the order LACKING.
    """

    programs: Programs
    place: pathlib.Path
    template: pathlib.Path
    seed: int
    wanted: Documents = dataclasses.field(default_factory=dict)
    # What can be read of the damaged snapshot.
    readable: Documents = dataclasses.field(default_factory=dict)

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
        self._damage()
        self._lack()

    def _damage(self) -> None:
        """Makes a snapshot that is damaged, and notes what can be read of it."""
        store, snapshot = self.template / 'store', self.template / 'damaged'
        self.programs.done('snapshot', 'create', '--store', store, '--to', snapshot)
        line = self._line('property', 1)
        start = line[line.index('"document":') + len('"document":'):][:60].encode()
        data = bytearray((snapshot / 'data.mdb').read_bytes())
        for found in re.finditer(re.escape(start), bytes(data)):
            data[found.start()] ^= 1
        (snapshot / 'data.mdb').write_bytes(data)
        salvaged = self.template.parent / 'salvaged'
        shutil.rmtree(salvaged, ignore_errors=True)
        result = self.programs.relayctl('snapshot', 'restore', snapshot, '--to', salvaged, '--salvage')
        if result.returncode != 3:
            raise RuntimeError(f'a salvage exits with {result.returncode}: {result.stderr}')
        self.readable = documents(self.programs, salvaged)
        if not 0 < len(self.readable) < len(self.wanted):
            raise RuntimeError(f'{len(self.readable)} documents of {len(self.wanted)} are salvaged')

    def _lack(self) -> None:
        """Makes a store that lacks an order."""
        left_out = self._line('order', LACKING)
        lines = (self.template / 'dump.jsonl').read_text().splitlines(keepends=True)
        end = json.loads(lines[-1])
        end['documents'] -= 1
        lines[-1] = json.dumps(end, separators=(',', ':')) + '\n'
        dump = self.template.parent / 'lacking.jsonl'
        dump.write_text(''.join(line for line in lines if line.rstrip('\n') != left_out))
        # Its first line says how many there are of each kind, which a load compares as well.
        self.programs.relayctl('load', '--store', self.template / 'lacking', dump)
        found = documents(self.programs, self.template / 'lacking')
        if self.wanted.keys() - found.keys() != {(1, 'order', LACKING)}:
            raise RuntimeError(f'a store with {len(found)} documents lacks something else')

    def _line(self, resource: str, number: int) -> str:
        """The line of a record of account 1 in the dump."""
        start = f'{{"account":1,"resource":"{resource}","id":{number},'
        lines = (self.template / 'dump.jsonl').read_text().splitlines()
        return next(line for line in lines if line.startswith(start))

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
