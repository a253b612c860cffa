"""Clients that ask for a few records at once, and note what they were told and when."""
import collections
import contextlib
import dataclasses
import json
import random
import threading
import time

import client
import linearizability
import relay
import report
from linearizability import Operation

# In 100 000: the rest are reads.
LIST, PATCH, DELETE, ABANDON = 10_000, 40_000, 1_500, 700
CONDITIONAL = 0.5
STALE, IGNORED = 0.02, 0.2
DATES = {'dateStart': '2026-02-06 13:00:00', 'dateEnd': '2026-02-06 14:00:00'}


@dataclasses.dataclass
class World:
    """What the clients share."""

    run: report.Run
    server: relay.Relayd
    key: str
    customer: int
    operations: list[Operation] = dataclasses.field(default_factory=list)
    living: list[int] = dataclasses.field(default_factory=list)
    # When a process had ended: what was under way until then cannot happen any more.
    deaths: list[int] = dataclasses.field(default_factory=list)
    lock: threading.Lock = dataclasses.field(default_factory=threading.Lock)
    epochs: set[str] = dataclasses.field(default_factory=set)
    goal: int = 0
    # The planted relayd that serves an older copy of the store.
    stale: relay.Relayd | None = None

    @property
    def is_over(self) -> bool:
        """Whether enough is recorded, or something is wrong with the clients themselves."""
        return len(self.operations) >= self.goal or bool(self.run.faults)

    def note(self, operation: Operation) -> None:
        """Records an operation."""
        with self.lock:
            self.operations.append(operation)

    def version(self, answer: client.Answer) -> float | None:
        """The version that an answer names."""
        tag = answer.headers.get('etag')
        if tag is None or tag.startswith('W/'):
            return None
        epoch, _, version = tag.strip('"').partition('-')
        self.epochs.add(epoch)
        return float(int(version, 16))

    def tag(self, version: float) -> str:
        """The ETag of a version."""
        return f'"{next(iter(self.epochs))}-{int(version):x}"'

    def replace(self, number: int) -> bool:
        """Takes a record that is gone from the living; False if another client did."""
        with self.lock:
            if number not in self.living:
                return False
            self.living.remove(number)
            return True


class Client(threading.Thread):
    """One client: one operation at a time, on a connection of its own."""

    def __init__(self, world: World, number: int) -> None:
        super().__init__(daemon=True)
        self.world = world
        self.number = number
        self.random = random.Random(f'{world.run.seed} {number}')
        self.client = world.server.client(world.key)
        self.texts = 0
        # The newest version of each record that this client knows: what its If-Match names.
        self.known: dict[int, float] = {}

    def run(self) -> None:
        """Performs operations until the history is long enough."""
        try:
            while not self.world.is_over:
                self.perform()
        except Exception as error:  # noqa: BLE001  (said by the torture, which ends then)
            with contextlib.suppress(report.Stop):
                self.world.run.wrong(f'client {self.number}: {error!r}')

    def perform(self) -> None:
        """One operation, chosen at random."""
        with self.world.lock:
            record = self.random.choice(self.world.living) if self.world.living else None
        chance = self.random.randrange(100_000)
        if record is None:
            self.create()
        elif chance < LIST:
            self.list()
        elif chance < LIST + PATCH:
            self.patch(record)
        elif chance < LIST + PATCH + DELETE:
            self.delete(record)
        elif chance < LIST + PATCH + DELETE + ABANDON:
            self.abandon(record)
        else:
            self.read(record)

    # MARK: Operations

    def create(self) -> None:
        """Makes a record, once: without an answer it is sent again with its Idempotency-Key."""
        state = (self.text(), self.text())
        body = {'title': state[0], 'description': state[1], 'location': '',
                'customerId': self.world.customer, **DATES}
        operation = Operation(0, 'create', time.monotonic_ns(), 0, 'done', state=state)
        answer = None
        while answer is None:
            answer = self.ask(
                operation, 'POST', '/v1/appointments', body, {'Idempotency-Key': f'"{state[0]}"'},
                since=operation.begun)
        if answer.status != 201:
            raise RuntimeError(f'POST is answered with {answer.status}: {answer.body!r}')
        operation.record = answer.json()['id']
        operation.version = self.world.version(answer)
        self.world.note(operation)
        with self.world.lock:
            self.world.living.append(operation.record)

    def read(self, record: int) -> None:
        """GET, sometimes with the If-None-Match of what is known."""
        operation = Operation(record, 'read', 0, 0, 'done')
        headers = {}
        if record in self.known and self.random.random() < 0.2:
            headers['If-None-Match'] = self.world.tag(self.known[record])
        stale = self.world.stale is not None and self.random.random() < STALE
        answer = self.ask(operation, 'GET', f'/v1/appointments/{record}', None, headers, stale)
        if answer is None:
            return
        if answer.status == 200:
            shown = answer.json()
            operation.state = (shown['title'], shown['description'])
        self.conclude(operation, answer, stale)

    def list(self) -> None:
        """A page of all records: a read of each of them."""
        whole = Operation(0, 'list', 0, 0, 'done')
        answer = self.ask(whole, 'GET', '/v1/appointments', None, {})
        if answer is None:
            return
        for shown in answer.json()['appointments']:
            self.world.note(dataclasses.replace(
                whole, record=shown['id'], state=(shown['title'], shown['description'])))

    def patch(self, record: int) -> None:
        """Gives one member a new text."""
        operation = Operation(
            record, 'patch', 0, 0, 'done', member=self.random.choice(linearizability.MEMBERS),
            text=self.text())
        answer = self.ask(
            operation, 'PATCH', f'/v1/appointments/{record}', {operation.member: operation.text},
            self.condition(operation))
        if answer is not None:
            self.conclude(operation, answer)

    def delete(self, record: int) -> None:
        """Deletes, and replaces what was deleted."""
        operation = Operation(record, 'delete', 0, 0, 'done')
        answer = self.ask(
            operation, 'DELETE', f'/v1/appointments/{record}', None, self.condition(operation))
        if answer is not None:
            self.conclude(operation, answer)

    def abandon(self, record: int) -> None:
        """Sends a PATCH and closes the connection: nobody knows whether it happens."""
        operation = Operation(
            record, 'patch', 0, 0, 'unanswered', member='title', text=self.text())
        operation.begun = time.monotonic_ns()
        fields = {
            ':method': 'PATCH', ':scheme': 'http', ':authority': 'localhost',
            ':path': f'/v1/appointments/{record}', 'content-type': 'application/json',
            'authorization': f'Bearer {self.world.key}'}
        try:
            connection = client.Connection(self.client.socket)
            connection.begin(list(fields.items()), json.dumps({'title': operation.text}).encode())
        except client.Unanswered:
            return
        self.world.note(operation)
        connection.close()

    # MARK: Asking

    def text(self) -> str:
        """A text that nobody else uses."""
        self.texts += 1
        return f'{self.number}.{self.texts}'

    def condition(self, operation: Operation) -> dict[str, str]:
        """If-Match of the version that this client knows, half of the time."""
        version = self.known.get(operation.record)
        if version is None or self.random.random() > CONDITIONAL:
            return {}
        operation.condition = version
        if self.world.run.plant == 'ignored-condition' and self.random.random() < IGNORED:
            return {}
        return {'If-Match': self.world.tag(version)}

    def connected(self, to: client.Client) -> client.Connection:
        """A connection that takes requests, as soon as somebody listens."""
        until = time.monotonic() + relay.START_SECONDS
        while True:
            try:
                return to.connection()
            except client.Unanswered:
                if time.monotonic() > until:
                    raise
                time.sleep(0.002)

    def ask(
        self, operation: Operation, method: str, path: str, body: dict | None,
        headers: dict[str, str], stale: bool = False, since: int = 0,
    ) -> client.Answer | None:
        """Sends it, with its times; None when it got no answer (and is recorded, if a write)."""
        to = self.world.stale.client(self.world.key) if stale else self.client
        self.connected(to)
        operation.begun = since or time.monotonic_ns()
        try:
            answer = to.request(method, path, body, headers)
        except client.Unanswered as reason:
            if operation.kind in ('patch', 'delete') and not reason.refused:
                operation.outcome = 'unanswered'
                self.world.note(operation)
            return None
        operation.ended = time.monotonic_ns()
        return answer

    def conclude(
        self, operation: Operation, answer: client.Answer, stale: bool = False) -> None:
        """Records what an answer says of one record."""
        outcomes = {200: 'done', 304: 'done', 404: 'absent', 412: 'refused'}
        if answer.status not in outcomes:
            raise RuntimeError(
                f'{operation.kind} is answered with {answer.status}: {answer.body!r}')
        operation.outcome = outcomes[answer.status]
        operation.version = self.world.version(answer)
        self.world.note(operation)
        if operation.version is not None and not stale:
            self.known[operation.record] = operation.version
        gone = operation.outcome == 'absent' or (
            operation.kind == 'delete' and operation.outcome == 'done')
        if gone and not stale and self.world.replace(operation.record):
            self.create()


def judge(world: World) -> str:
    """Judges the history of each record that was made; says what there was of it."""
    created = {operation.record for operation in world.operations if operation.kind == 'create'}
    history = [operation for operation in world.operations if operation.record in created]
    verdict = linearizability.check(history)
    for fault in verdict.faults:
        world.run.wrong(fault)
    kinds = collections.Counter(operation.kind for operation in history)
    outcomes = collections.Counter(operation.outcome for operation in history)
    world.run.step(', '.join(f'{count} {kind}' for kind, count in kinds.most_common()))
    world.run.step(
        ', '.join(f'{count} {outcome}' for outcome, count in outcomes.most_common())
        + f'; of the unanswered {verdict.effective} were seen to have happened; '
        f'{verdict.unplaced} reads of lists could not be placed')
    return f'{len(history)} operations on {len(created)} records'
