"""Is a recorded history of one record's operations linearizable?

A record is a register of two members, `title` and `description`. Each write gives one member a text
that no other write uses, and each answer of the service names the version (ETag) that it made or
shows. So the order of the operations need not be searched for: the versions give it. What is left
is to check that this order is possible:

- real time: what began after something else had ended shows no older version, and a write makes a
  newer one. A glance, which a host answers as it is, only has to show no older one than that host had;
- values: the state at a version is what the writes up to it make of the state before;
- conditions: between the version that If-Match named and the one that was made lies no other write;
- writes without an answer may have happened, once, between their begin and the end of the process
  that they were sent to, or not at all;
- a deleted record stays deleted, and a record that is absent was deleted.
"""
import bisect
import dataclasses
import itertools
import math

MEMBERS = ('title', 'description')
# The version of a record that was deleted: later than all others.
DELETED = math.inf


@dataclasses.dataclass(slots=True)
class Operation:
    """What one client asked and was told. Times are nanoseconds of one monotonic clock."""

    record: int
    # create, read, list, patch, delete; glance: a read that may be of an older state, but not of one that is
    # older than what the same host has shown
    kind: str
    begun: int
    # When its answer came; without one, the moment after which it can no longer happen.
    ended: int
    # done; absent (404); refused (412); unanswered (a write that may have happened)
    outcome: str
    # Of the ETag: what was made, shown or, when refused, is current. None without an ETag.
    version: float | None = None
    # The version that If-Match named.
    condition: float | None = None
    member: str | None = None
    text: str | None = None
    # What a read showed: (title, description).
    state: tuple[str, str] | None = None
    # Which of several hosts was asked.
    host: str = ''

    @property
    def is_write(self) -> bool:
        """Whether it changed the record for certain."""
        return self.outcome == 'done' and self.kind in ('create', 'patch', 'delete')

    def __str__(self) -> str:
        words = [f'{self.begun / 1e6:.3f}-{self.ended / 1e6:.3f} ms:', self.kind]
        words += [f'{self.member}={self.text}'] if self.member else []
        words += [f'If-Match {self.condition:.0f}'] if self.condition is not None else []
        words += ['->', self.outcome]
        words += [f'version {self.version:.0f}'] if self.version is not None else []
        words += [f'state {self.state}'] if self.state else []
        words += [f'on host {self.host}'] if self.host else []
        return ' '.join(words)


class Record:
    """The operations of one record, and the faults that are found in them."""

    def __init__(self, number: int, operations: list[Operation]) -> None:
        self.number = number
        self.operations = operations
        self.faults: list[str] = []
        # Reads of lists whose state no other operation could give a version.
        self.unplaced = 0
        # Unanswered writes whose effect was seen, by text: the versions that they lie between.
        self.windows: dict[str, tuple[float, float]] = {}
        self.pending = {
            (operation.member, operation.text): operation for operation in operations
            if operation.outcome == 'unanswered' and operation.kind == 'patch'}
        # The state at each version that is known.
        self.states: dict[float, tuple[str | None, ...]] = {}

    def fault(self, what: str, *operations: Operation) -> None:
        """Notes a fault with the operations that show it."""
        shown = ''.join(f'\n    {operation}' for operation in operations)
        self.faults.append(f'record {self.number}: {what}{shown}')

    def check(self) -> None:
        """All checks; afterwards `faults` is complete."""
        self.place_deletes()
        self.check_versions()
        self.check_values()
        self.place_lists()
        self.check_order()
        self.check_conditions()
        self.check_deletion()

    def place_deletes(self) -> None:
        """Absence and deletion have no ETag; they come after all versions."""
        for operation in self.operations:
            is_deletion = operation.kind == 'delete' and operation.outcome == 'done'
            if is_deletion or operation.outcome == 'absent':
                operation.version = DELETED

    def check_versions(self) -> None:
        """Two writes never make the same version."""
        writers: dict[float, Operation] = {}
        for operation in self.operations:
            if not operation.is_write:
                continue
            if operation.version is None:
                self.fault('the answer to a write names no version', operation)
            elif operation.version in writers:
                other = writers[operation.version]
                self.fault('two writes made the same version', other, operation)
            else:
                writers[operation.version] = operation

    def check_values(self) -> None:
        """Folds the writes in the order of their versions, and compares what reads show."""
        placed = sorted(
            (operation for operation in self.operations
             if operation.version not in (None, DELETED) and operation.outcome == 'done'),
            key=lambda operation: (operation.version, not operation.is_write))
        current: dict[str, str | None] = dict.fromkeys(MEMBERS)
        # The newest version at which each member was known for certain.
        since = dict.fromkeys(MEMBERS, 0.0)
        for operation in placed:
            if operation.kind == 'create':
                current = dict(zip(MEMBERS, operation.state or ()))
                since = dict.fromkeys(MEMBERS, operation.version)
            elif operation.kind == 'patch':
                current[operation.member] = operation.text
                since[operation.member] = operation.version
            elif operation.state is not None:
                self.compare(operation, current, since)
            self.states[operation.version] = tuple(current[member] for member in MEMBERS)

    def compare(
        self, read: Operation, current: dict[str, str | None], since: dict[str, float],
    ) -> None:
        """A member that differs must come from an unanswered write that was not seen before."""
        for member, shown in zip(MEMBERS, read.state):
            if shown != current[member]:
                known = f'but the writes up to its version make {current[member]}'
                if (member, shown) not in self.pending:
                    self.fault(f'shows {member} {shown}, {known}', read)
                elif shown in self.windows:
                    self.fault(f'shows {member} {shown}, which was overwritten before', read)
                elif since[member] == read.version:
                    self.fault(f'shows {member} {shown} at a version that had another', read)
                self.windows.setdefault(shown, (since[member], read.version))
                current[member] = shown
            since[member] = read.version

    def place_lists(self) -> None:
        """Gives the reads of lists, which name no version, that of the state they show."""
        versions: dict[tuple[str | None, ...], float] = {}
        for version, state in self.states.items():
            versions.setdefault(state, version)
        for operation in self.operations:
            if operation.kind == 'list' and operation.outcome == 'done':
                operation.version = versions.get(operation.state)
                self.unplaced += operation.version is None

    def check_order(self) -> None:
        """What began after something had ended is not older."""
        placed = sorted(
            (operation for operation in self.operations
             if operation.version is not None and operation.outcome != 'unanswered'),
            key=lambda operation: operation.ended)
        ends = [operation.ended for operation in placed]
        newest: list[Operation] = []
        for operation in placed:
            is_newer = not newest or operation.version > newest[-1].version
            newest.append(operation if is_newer else newest[-1])
        for operation in placed:
            count = bisect.bisect_left(ends, operation.begun)
            if count == 0 or operation.kind == 'glance':
                continue
            earlier = newest[count - 1]
            is_same = operation.is_write and operation.version == earlier.version
            if operation.version < earlier.version or is_same:
                self.fault('an older version after a newer one was shown', earlier, operation)
        self.check_windows(placed, ends, newest)
        self.check_hosts(placed)

    def check_hosts(self, placed: list[Operation]) -> None:
        """A host does not go back to an older state than it has shown."""
        shown: dict[str, list[Operation]] = {}
        for operation in placed:
            if operation.host:
                shown.setdefault(operation.host, []).append(operation)
        for operations in shown.values():
            ends = [operation.ended for operation in operations]
            newest = list(itertools.accumulate(
                operations, lambda one, other: max(one, other, key=lambda each: each.version)))
            for operation in operations:
                count = bisect.bisect_left(ends, operation.begun)
                if operation.kind == 'glance' and count and operation.version < newest[count - 1].version:
                    self.fault('an older version than the host had shown', newest[count - 1], operation)

    def check_windows(
        self, placed: list[Operation], ends: list[int], newest: list[Operation],
    ) -> None:
        """Unanswered writes whose effect was seen: not before their begin nor after their end."""
        for (_, text), write in self.pending.items():
            if text not in self.windows:
                continue
            after, seen = self.windows[text]
            count = bisect.bisect_left(ends, write.begun)
            if count and newest[count - 1].version >= seen:
                self.fault('a write took effect before it was sent', newest[count - 1], write)
            for operation in placed:
                if operation.begun > write.ended and operation.version <= after and (
                        operation.kind != 'glance'):
                    self.fault('a write of a process that had ended took effect', write, operation)

    def check_conditions(self) -> None:
        """If-Match: nothing between the version named and the one made; else refused."""
        known = sorted({
            operation.version for operation in self.operations
            if operation.version not in (None, DELETED) and operation.outcome != 'unanswered'})
        for operation in self.operations:
            if operation.condition is None:
                continue
            if operation.outcome == 'refused' and operation.version == operation.condition:
                self.fault('refused although If-Match names the current version', operation)
            if operation.outcome != 'done':
                continue
            place = bisect.bisect_right(known, operation.condition)
            if place < len(known) and known[place] < operation.version:
                self.fault(
                    f'version {known[place]:.0f} lies between If-Match and what was made',
                    operation)

    def check_deletion(self) -> None:
        """Who says that it is absent must have had a DELETE sent before."""
        first = min(
            (operation.begun for operation in self.operations
             if operation.kind == 'delete' and operation.outcome in ('done', 'unanswered')),
            default=math.inf)
        for operation in self.operations:
            if operation.outcome == 'absent' and operation.ended < first:
                self.fault('absent, though nobody had deleted it', operation)


@dataclasses.dataclass
class Verdict:
    """What came out for a whole history."""

    faults: list[str]
    # Reads of lists that could not be judged, and unanswered writes whose effect was seen.
    unplaced: int
    effective: int


def check(operations: list[Operation]) -> Verdict:
    """Checks each record of a history."""
    records: dict[int, list[Operation]] = {}
    for operation in operations:
        records.setdefault(operation.record, []).append(operation)
    verdict = Verdict([], 0, 0)
    for number in sorted(records):
        record = Record(number, records[number])
        record.check()
        verdict.faults += record.faults
        verdict.unplaced += record.unplaced
        verdict.effective += len(record.windows)
    return verdict
