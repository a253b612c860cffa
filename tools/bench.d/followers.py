"""Followers of changes as server-sent events: what a delivered event costs, and how late it comes."""
import datetime
import json
import re
import selectors
import shutil
import statistics
import threading
import time

import beside
import servers

COUNTS = (1, 1_000)
STREAMS = 100  # of a connection
SECONDS = 8
SETTLE_SECONDS = 1
RECEIVED_BYTES = 1 << 20
EVENT = b'event: change\n'


def print_table(setup):
    print(f'Followers of all changes, without documents; {beside.WRITES_PER_SECOND} writes a second '
          'are asked for.\n')
    print(f'{"followers":>10}{"writes/s":>10}{"events/s":>10}{"CPU µs/event":>14}'
          f'{"p50 ms":>8}{"p99 ms":>8}')
    for count in COUNTS:
        store = setup.copy('followed')
        server = servers.relayd(setup, 1, store)
        try:
            row(setup, server, count)
            if count == COUNTS[-1]:
                print(f'\none follower catches up: {catch_up(server):,.0f} changes a second of '
                      "relayd's CPU", flush=True)
        finally:
            server.stop()
            shutil.rmtree(store, ignore_errors=True)


def row(setup, server, count):
    """Follows for a while, beside writes."""
    many = Followers(server, count - 1)
    probe = Probe(server)
    before = sum(server.thread_microseconds().values())
    writer = beside.Writer(setup, server)
    began = time.monotonic()
    many.follow(began + SECONDS)
    took = time.monotonic() - began
    rate = writer.stop()
    used = sum(server.thread_microseconds().values()) - before
    many.follow(time.monotonic() + SETTLE_SECONDS)
    times = sorted(probe.stop())
    events = many.events + len(times)
    print(f'{count:10}{rate:10.0f}{events / took:10.0f}{used / events:14.2f}'
          f'{statistics.median(times):8.1f}{times[int(len(times) * 0.99)]:8.1f}', flush=True)
    many.close()


def begin(server, streams, query='?resource=order'):
    """A connection with so many streams of events, and windows that never close."""
    name, value = server.header.split(': ', 1)
    block = (b'\x82\x86\x04' + beside.literal('/v1/changes' + query)
             + b'\x00' + beside.literal('accept') + beside.literal('text/event-stream')
             + b'\x00' + beside.literal(name) + beside.literal(value))
    window = (0x7FFF_0000).to_bytes(4, 'big')
    connection = server.connect()
    connection.sendall(
        beside.PREFACE + beside.frame(beside.SETTINGS, 0, 0, b'\x00\x04' + window)
        + beside.frame(beside.SETTINGS, beside.ACK, 0)
        + beside.frame(beside.WINDOW_UPDATE, 0, 0, window)
        + b''.join(beside.frame(beside.HEADERS, beside.END_OF_BOTH, 2 * number + 1, block)
                   for number in range(streams)))
    return connection


class Followers:
    """Many who read what comes and count it."""

    def __init__(self, server, count):
        self.selector = selectors.DefaultSelector()
        self.connections = []
        self.events = 0
        while count > 0:
            connection = begin(server, min(count, STREAMS))
            connection.setblocking(False)
            self.selector.register(connection, selectors.EVENT_READ)
            self.connections.append(connection)
            count -= STREAMS
        self.follow(time.monotonic() + SETTLE_SECONDS)

    def follow(self, until):
        """Reads until a time."""
        while (left := until - time.monotonic()) > 0:
            if not self.connections:
                time.sleep(left)
            for key, _ in self.selector.select(left):
                self.events += key.fileobj.recv(RECEIVED_BYTES).count(EVENT)

    def close(self):
        """Hangs up."""
        for connection in self.connections:
            connection.close()


class Probe(threading.Thread):
    """One follower who looks at the clock: an event's time is that of its transaction, before its sync."""

    def __init__(self, server):
        super().__init__(daemon=True)
        self.connection = begin(server, 1)
        self.times = []
        self.start()

    def run(self):
        stream = self.connection.makefile('rb')
        while head := stream.read(9):
            payload = stream.read(int.from_bytes(head[:3], 'big'))
            now = time.time() * 1_000
            for found in re.finditer(rb'data: ({"seq".*})\n', payload):
                text = json.loads(found[1])['time'].replace('Z', '+00:00')
                self.times.append(now - milliseconds(text))

    def stop(self):
        """Milliseconds of each event on its way."""
        self.connection.shutdown(2)
        self.join()
        return self.times


def milliseconds(text):
    """Of an RFC 3339 time."""
    return datetime.datetime.fromisoformat(text).timestamp() * 1_000


def catch_up(server):
    """Changes that are told in a second of CPU to one follower, who begins with the oldest one."""
    before = server.cpu_microseconds()
    connection = begin(server, 1, '?after=oldest')
    connection.settimeout(2)
    events = 0
    while True:
        try:
            data = connection.recv(RECEIVED_BYTES)
        except TimeoutError:
            break
        events += data.count(EVENT)
    connection.close()
    return events * 1e6 / (server.cpu_microseconds() - before)
