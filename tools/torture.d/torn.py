"""Pages are pulled by clients of all kinds while every record on them changes: is one ever torn?

One client changes the orders of a small store in turn, so the state of the store after each write is
known. Readers pull pages of 50, each in its way: fast ones; slow ones that read some KB at a time;
ones that stop for a while with pages in their sockets; ones that move the bytes on to a pipe of their
own (splice) and look at them later; ones that close half way. Each page must be one state of the store:
none older than what was acknowledged before the page was asked for.

What was lent is in no account of the process: it is counted where it waits, in the queues of its sockets.
"""
import contextlib
import dataclasses
import json
import os
import pathlib
import random
import re
import shutil
import subprocess
import threading
import time
from typing import Iterator

import client
import relay
import report
from shim import compiled

NUMBERS = [
    report.Number('seconds', 12, 600, 'how long pages are pulled'),
    report.Number('clients', 10, 10, 'readers at once, two of each kind'),
]
PLANTS = {
    'reused': 'memory that was lent is written again, in place of fresh memory',
    'stale': 'now and then a page is answered that an earlier request got',
    'hoard': 'connections of clients that have gone are kept, with pages in them',
}
# What has to be said of them.
FINDINGS = {'reused': 'torn|broke the protocol|JSON|reset', 'stale': 'older than',
            'hoard': 'sockets hold'}
ORDERS = 200
PAGE = 50
STAMP = re.compile(r'^(\d+)-(x*)$')
# Bytes of anonymous memory above those at the start that pages and connections may take.
MEMORY_BYTES = 48 << 20
# Bytes that a socket may have queued: twice its send buffer, which the kernel keeps for it, and the piece
# that goes beyond.
SOCKET_BYTES = 2 * 212_992 + (128 << 10)
# Connections that the planted fault keeps.
HOARDED = 100
# Bytes that the file may grow by after the first half.
FILE_BYTES = 16 << 20
PIPE_BYTES = 1 << 20
# So wide that a client's socket fills up before its windows close.
WINDOW = 1 << 24


def stamp(number: int) -> str:
    """What the write of this number stores: of changing length, so that what follows moves."""
    return f'{number}-{"x" * (number * 37 % 80)}'


@dataclasses.dataclass
class World:
    """What writer and readers share."""

    run: report.Run
    server: relay.Relayd
    key: str
    # The last write that was sent, and the last that was acknowledged.
    sent: int = 0
    acknowledged: int = 0
    pages: int = 0
    half_read: int = 0
    hoarded: list[client.Connection] = dataclasses.field(default_factory=list)
    over: threading.Event = dataclasses.field(default_factory=threading.Event)


def order_of(number: int) -> int:
    """The order that a write changes."""
    return (number - 1) % ORDERS + 1


class Writer(threading.Thread):
    """Changes one order after the other, with pauses in which pages stay as they are."""

    def __init__(self, world: World) -> None:
        super().__init__(daemon=True)
        self.world = world

    def run(self) -> None:
        """Writes until the torture is over."""
        world = self.world
        by = world.server.client(world.key)
        while not world.over.is_set():
            world.sent += 1
            number = world.sent
            try:
                answer = by.patch(f'/v1/orders/{order_of(number)}', {'internalId': stamp(number)})
            except client.Unanswered as reason:
                # A planted fault that is found ends relayd first.
                if not world.over.is_set():
                    self.wrong(f'a write has no answer: {reason}')
                return
            if answer.status != 200:
                self.wrong(f'a write is answered {answer.status}')
            world.acknowledged = number
            if number % 25 == 0:
                time.sleep(0.02)

    def wrong(self, text: str) -> None:
        """Notes a fault; the torture ends by it, not this thread."""
        with contextlib.suppress(report.Stop):
            self.world.run.wrong(text)


class Splicing(client.Connection):
    """A client that moves what comes to a pipe first, and looks at it later."""

    def receive(self) -> None:
        """Moves what there is, waits, and takes it in."""
        reading, writing = self.pipe
        try:
            moved = os.splice(self.socket.fileno(), writing, PIPE_BYTES)
        except OSError as error:
            raise client.Unanswered(f'nothing moved: {error}') from error
        if moved == 0:
            raise client.Unanswered('the server closed the connection')
        # The socket counts these as read.
        time.sleep(0.05)
        while moved > 0:
            data = os.read(reading, moved)
            moved -= len(data)
            self.take(data)

    def __init__(self, unix: str, window: int) -> None:
        self.pipe = os.pipe()
        super().__init__(unix, window=window)
        self.socket.settimeout(None)

    def close(self) -> None:
        """Closes socket and pipe."""
        super().close()
        for end in self.pipe:
            with contextlib.suppress(OSError):
                os.close(end)
        self.pipe = ()


class Reader(threading.Thread):
    """A client of one kind."""

    KINDS = ('fast', 'slow', 'stopping', 'splicing', 'leaving')

    def __init__(self, world: World, number: int) -> None:
        super().__init__(daemon=True)
        self.world = world
        self.kind = self.KINDS[number % len(self.KINDS)]
        self.random = random.Random(f'{world.run.seed} {number}')
        self.earlier: client.Answer | None = None

    def run(self) -> None:
        """Pulls pages until the torture is over."""
        try:
            while not self.world.over.is_set():
                self.converse()
        except report.Stop:
            pass
        except Exception as error:  # noqa: BLE001  (said by the torture)
            with contextlib.suppress(report.Stop):
                self.world.run.wrong(f'a {self.kind} client: {error!r}')

    def converse(self) -> None:
        """Some requests on one connection."""
        socket = str(self.world.server.socket)
        connection = (
            Splicing(socket, WINDOW) if self.kind == 'splicing'
            else client.Connection(socket, window=WINDOW))
        if self.kind == 'slow':
            connection.most = 5_000
        try:
            for _ in range(20):
                if self.world.over.is_set():
                    return
                self.pull(connection)
                if self.kind == 'leaving':
                    return
        finally:
            if self.world.run.plant == 'hoard' and len(self.world.hoarded) < HOARDED:
                self.hoard(connection)
            else:
                connection.close()

    def hoard(self, connection: client.Connection) -> None:
        """Asks for pages that nobody will read, and keeps the connection."""
        for offset in range(0, ORDERS, PAGE):
            self.ask(connection, offset)
        self.world.hoarded.append(connection)

    def ask(self, connection: client.Connection, offset: int) -> int:
        """Asks for a page."""
        return connection.begin(
            [(':method', 'GET'), (':scheme', 'http'), (':authority', 'localhost'),
             (':path', f'/v1/orders?limit={PAGE}&offset={offset}'),
             ('authorization', f'Bearer {self.world.key}')], None)

    def pull(self, connection: client.Connection) -> None:
        """Asks for a few pages at once, and checks them."""
        asked = []
        for _ in range(self.random.choice((1, 2, 4))):
            offset = self.random.randrange(0, ORDERS, PAGE)
            known = self.world.acknowledged
            number = self.ask(connection, offset)
            asked.append((number, offset, known))
        if self.kind == 'stopping':
            time.sleep(self.random.choice((0.2, 1.0, 2.0)))
        for place, (number, offset, known) in enumerate(asked):
            if self.kind == 'leaving' and place == len(asked) - 1:
                # Unless it has come with those before it.
                if connection.streams[number].error is None:
                    connection.receive()
                    self.world.half_read += 1
                return
            try:
                answer = connection.end(number, time.monotonic() + client.REQUEST_SECONDS)
            except client.Unanswered as reason:
                self.world.run.wrong(f'a {self.kind} client has no page: {reason}')
                return
            self.check(self.planted(answer, offset), offset, known)

    def planted(self, answer: client.Answer, offset: int) -> client.Answer:
        """The answer, unless a fault is planted."""
        if self.world.run.plant == 'stale' and offset == 0 and self.random.random() < 0.2:
            self.earlier = self.earlier or answer
            return self.earlier
        return answer

    def check(self, answer: client.Answer, offset: int, known: int) -> None:
        """A page is one state of the store, and not older than `known`."""
        run, world = self.world.run, self.world
        what = f'page {offset} of a {self.kind} client'
        run.expect(answer.status == 200, f'{what} is answered {answer.status}')
        try:
            records = json.loads(answer.body)
        except ValueError as error:
            run.wrong(f'{what} is no JSON: {error}')
            return
        if not run.expect(
                [record['id'] for record in records] == list(range(offset + 1, offset + PAGE + 1)),
                f'{what} is torn: it has other records'):
            return
        numbers = []
        for record in records:
            text = record.get('internalId', '')
            match = STAMP.match(text)
            number = int(match[1]) if match else 0
            numbers.append(number)
            if match and not run.expect(
                    text == stamp(number) and order_of(number) == record['id']
                    and number <= world.sent, f'{what} is torn: order {record["id"]} has {text!r}'):
                return
            run.expect(
                number >= last_write(record['id'], known),
                f'{what} is older than what was asked for: order {record["id"]} has write '
                f'{number}, {known} were acknowledged')
        # Writes come in turn: the oldest on the page has not been followed by its successor yet.
        follow = min(next_write(order, number) for order, number in zip(
            range(offset + 1, offset + PAGE + 1), numbers))
        run.expect(
            max(numbers) < follow,
            f'{what} is torn: it has write {max(numbers)}, but not {follow}')
        world.pages += 1


def last_write(order: int, known: int) -> int:
    """The last write up to `known` that changed an order; 0 if there is none."""
    rounds = (known - order) // ORDERS
    return order + rounds * ORDERS if known >= order else 0


def next_write(order: int, number: int) -> int:
    """The write of an order that follows one."""
    return number + ORDERS if number else order


def tear(run: report.Run) -> None:
    """Pulls pages for a while, and looks at memory and file meanwhile."""
    if not shutil.which('ss'):
        raise report.LeftOut('no ss here: apt-get install iproute2')
    store = run.place / 'store'
    run.programs.sample(store, ORDERS, seed=run.seed)
    environment = {}
    if run.plant == 'reused':
        library = compiled('reuse.c', run.place / 'reuse.so', '-shared', '-fPIC')
        environment['LD_PRELOAD'] = str(library)
    admin = run.place / 'admin.sock'
    key = run.programs.key(store)
    server = relay.Relayd(
        run.programs, store, options=['--loops', '1', '--admin-socket', admin],
        environment=environment)
    world = World(run, server, key)
    threads = [Writer(world), *(Reader(world, n) for n in range(run.number('clients')))]
    # Sample orders have numbers of their own: each order is written once before pages are judged.
    first = server.client(world.key)
    for number in range(1, ORDERS + 1):
        first.patch(f'/v1/orders/{number}', {'internalId': stamp(number)})
    world.sent = world.acknowledged = ORDERS
    before = anonymous(server.pid)
    for thread in threads:
        thread.start()
    seconds = run.number('seconds')
    sizes = []
    try:
        for part in watch(run, seconds):
            most = max(anonymous(server.pid) for _ in range(3))
            held = queued(server.pid)
            sizes.append((store / 'data.mdb').stat().st_size)
            stat = relay_stat(admin)
            run.step(
                f'{part:.0f} s: {world.pages} pages, {world.acknowledged} writes, '
                f'{stat["lentBytes"] >> 20} of {stat["sentBytes"] >> 20} MiB lent, '
                f'{most >> 20} MiB of anonymous memory, {held >> 10} KiB in sockets, '
                f'file {sizes[-1] >> 20} MiB')
            run.expect(most < before + MEMORY_BYTES, f'relayd takes {most - before} bytes more')
            # Each reader has one, and the writer.
            room = len(threads) * SOCKET_BYTES
            run.expect(held <= room, f'its sockets hold {held} bytes in the kernel, more than {room}')
    finally:
        world.over.set()
    for thread in threads:
        thread.join(client.REQUEST_SECONDS)
    if run.plant is None:
        held = queued(server.pid)
        run.expect(held == 0, f'its sockets hold {held} bytes though all readers have gone')
        stat = relay_stat(admin)
        run.expect(stat['copyingLoops'] == 0 and stat['lentBytes'] > stat['sentBytes'] // 20,
                   f'this run was blind: {stat["lentBytes"]} of {stat["sentBytes"]} bytes were lent')
        run.expect(sizes[-1] <= sizes[len(sizes) // 2] + FILE_BYTES, f'the file grows: {sizes}')
        run.expect(world.pages > 10 * seconds, f'only {world.pages} pages')
    run.expect(server.runs(), 'relayd has ended')
    run.summary = (f'{world.pages} pages while {world.acknowledged} writes changed them, '
                   f'{world.half_read} left half way')


def watch(run: report.Run, seconds: int) -> Iterator[float]:
    """Yields some times of the run; ends early when something was found."""
    began = time.monotonic()
    for step in range(1, 5):
        while time.monotonic() - began < seconds * step / 4:
            if run.faults:
                return
            time.sleep(0.05)
        yield time.monotonic() - began


def anonymous(pid: int) -> int:
    """RssAnon in bytes."""
    text = pathlib.Path(f'/proc/{pid}/status').read_text()
    match = re.search(r'RssAnon:\s*(\d+) kB', text)
    return int(match[1]) << 10 if match else 0


def queued(pid: int) -> int:
    """Bytes that the sockets of a process hold in the kernel, copied or lent, for peers to take."""
    listed = subprocess.run(
        ['ss', '--unix', '--memory', '--processes', '--no-header'], stdout=subprocess.PIPE,
        text=True, check=True).stdout
    return sum(
        int(found[1]) for line in listed.splitlines() if f'pid={pid},' in line
        for found in [re.search(r'skmem:\(.*?,t(\d+),', line)] if found)


def relay_stat(admin: pathlib.Path) -> dict:
    """What relayd tells of itself."""
    return client.Client(admin, None).get('/admin/stat').json()


if __name__ == '__main__':
    report.main(tear, PLANTS, NUMBERS, FINDINGS)
