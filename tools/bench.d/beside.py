"""What is measured beside the loads: memory of connections, reads beside writes, a cold start."""
import os
import re
import shutil
import statistics
import subprocess
import time

import loads
import servers

CONNECTIONS = 500
# Longer than the time after which relayd takes a connection for idle, and its look at the clock.
IDLE_SECONDS = 3
WRITES_PER_SECOND = 2_000
WRITERS = 4
MIXED_READS = 200_000
COLD_READS = 20_000

PREFACE = b'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n'
DATA, HEADERS, SETTINGS, WINDOW_UPDATE = 0, 1, 4, 8
END_STREAM, ACK, END_OF_BOTH = 1, 1, 5


# A client of frames: h2load cannot hold a connection open without asking, nor hand over a body.

def frame(kind, flags, stream, payload=b''):
    length = len(payload).to_bytes(3, 'big')
    return length + bytes([kind, flags]) + stream.to_bytes(4, 'big') + payload


def literal(text):
    assert len(text) < 127, 'one byte tells the length'
    return bytes([len(text)]) + text.encode()


def ask(server, path):
    """A connection that has made one request, and the body of the answer."""
    # :method GET and :scheme http from HPACK's static table, the rest as literals.
    block = b'\x82\x86\x04' + literal(path) + b'\x01' + literal('localhost')
    if server.header:
        name, value = server.header.split(': ', 1)
        block += b'\x00' + literal(name) + literal(value)
    window = (1 << 30).to_bytes(4, 'big')
    connection = server.connect()
    connection.sendall(
        PREFACE + frame(SETTINGS, 0, 0, b'\x00\x04' + window) + frame(SETTINGS, ACK, 0)
        + frame(WINDOW_UPDATE, 0, 0, window) + frame(HEADERS, END_OF_BOTH, 1, block))
    stream = connection.makefile('rb')
    body = b''
    while True:
        head = stream.read(9)
        payload = stream.read(int.from_bytes(head[:3], 'big'))
        if head[3] == DATA:
            body += payload
        if head[3] in (DATA, HEADERS) and head[4] & END_STREAM:
            return connection, body


def get(server, path):
    connection, body = ask(server, path)
    connection.close()
    return body


def bytes_per_connection(server):
    path = '/v1/orders/1' if server.header else '/order'
    first = ask(server, path)
    before = server.anonymous_kilobytes()
    kept = [ask(server, path)[0] for _ in range(CONNECTIONS)]
    # Idle for a second or two, relayd gives back what it can.
    time.sleep(IDLE_SECONDS)
    after = server.anonymous_kilobytes()
    for connection in [first[0]] + kept:
        connection.close()
    return (after - before) * 1024 / CONNECTIONS


# Reads beside writes.

def print_mixed(setup, options):
    """CPU and p99 of reads alone, then with durable writes going on, on a copy of the store."""
    store = setup.work / 'mixed'
    shutil.rmtree(store, ignore_errors=True)
    shutil.copytree(setup.store, store, ignore=shutil.ignore_patterns('*.sock*', 'lock.mdb'))
    # Or the copy's dirty pages would stand before each commit in the disk's queue.
    os.sync()
    server = servers.relayd(setup, 1, store)
    count = MIXED_READS // (4 if options.quick else 1)
    alone, mixed, rates = [], [], []
    try:
        file = setup.targets(loads.LOADS['hot'], count)
        read(setup, server, file, count)
        for _ in range(options.rounds):
            alone.append(read(setup, server, file, count))
            writer = Writer(setup, server)
            mixed.append(read(setup, server, file, count))
            rates.append(writer.stop())
    finally:
        server.stop()
        shutil.rmtree(store, ignore_errors=True)
    cost = [statistics.median(reads.microseconds for reads in rows) for rows in (alone, mixed)]
    tail = [statistics.median(reads.p99 for reads in rows) for rows in (alone, mixed)]
    rate = statistics.median(rates)
    few = '' if rate > WRITES_PER_SECOND * 0.9 else f' (not {WRITES_PER_SECOND}: is the disk busy?)'
    title = 'Orders read alone and beside durable writes'
    print(f'{title:48}{"alone":>9}{"beside":>9}{"ratio":>8}')
    for what, (left, right) in (('CPU of the loop per read, µs', cost),
                                ('p99, ms (-c 8 -m 4)', tail)):
        print(f'  {what:44}{left:9.2f}{right:9.2f}{right / left:8.2f}')
    print(f'{"  writes per second":48}{0:9}{rate:9.0f}{few}\n', flush=True)


class Reads:
    def __init__(self, microseconds, p99):
        self.microseconds = microseconds  # of the loop's thread, a write's handling there included
        self.p99 = p99  # milliseconds


def read(setup, server, file, count):
    log = f'{setup.sockets}/latencies'
    before = server.thread_microseconds()
    loads.run(server, count, ('-c', '8', '-m', '4', f'--log-file={log}'), file)
    # With one loop, the thread that works most is the loop; another one writes.
    spent = max(now - before.get(thread, 0) for thread, now in server.thread_microseconds().items())
    return Reads(spent / count, p99(log))


def p99(log):
    """The 99th percentile of the durations in a log of h2load's, in ms. Removes the log."""
    with open(log) as lines:
        # Start, status and duration of each request, in microseconds.
        durations = sorted(int(line.split()[2]) for line in lines)
    os.unlink(log)
    return durations[len(durations) * 99 // 100] / 1e3


class Writer:
    """Changes random orders at a steady rate until it is told to stop."""

    def __init__(self, setup, server):
        body, targets = f'{setup.sockets}/body', setup.targets(loads.LOADS['hot'], 1)
        with open(body, 'w') as file:
            file.write('{"internalId": "A-4711"}')
        line = ['taskset', '-c', loads.core(), 'h2load', '-D', '600', '-c', str(WRITERS),
                '-m', '8', f'--rps={WRITES_PER_SECOND // WRITERS}', '-d', body,
                '-H', server.header, '-H', ':method: PATCH', '-H', 'content-type: application/json',
                '-B', server.place, '-i', targets]
        self.process = subprocess.Popen(line, stdout=subprocess.PIPE, text=True)
        self.setup = setup
        self.server = server
        time.sleep(0.5)
        self.began = time.monotonic()
        self.first = self.written()

    def written(self):
        """Changes in the store so far: the server's own count."""
        store = self.server.process.args[self.server.process.args.index('--store') + 1]
        text = self.setup.relayctl('stat', '--store', store, '--json').stdout
        return int(re.search(r'"sequence":\s*(\d+)', text).group(1))

    def stop(self):
        """Ends the writing; returns writes per second."""
        rate = (self.written() - self.first) / (time.monotonic() - self.began)
        self.process.kill()
        self.process.communicate()
        time.sleep(0.2)
        return rate


# A cold start.

def print_cold(setup):
    """The first requests after a start: from the disk, and from the page cache."""
    file = setup.targets(loads.LOADS['single'], COLD_READS)
    count = min(COLD_READS, setup.orders)
    print(f'{f"The first {count:,} random orders after a start":48}{"minor":>7}{"major":>7} faults'
          f'{"µs CPU":>9}{"elapsed":>9}')
    for place in ('from the disk', 'from the page cache'):
        for warms in (False, True):
            if place == 'from the disk':
                drop_from_cache(setup.store / 'data.mdb')
            server = servers.relayd(setup, 1, arguments=['--warm'] if warms else [])
            before, began = server.faults(), time.monotonic()
            result = loads.run(server, count, ('-c', '1', '-m', '256'), file)
            elapsed = (time.monotonic() - began) / count * 1e6
            minor, major = [(now - then) / count for then, now in zip(before, server.faults())]
            warmed = re.search(r'warmed (\d+) MiB of the store in (\d+ ms)', server.stop())
            what = f'  {place}, --warm: {warmed[1]} MiB in {warmed[2]}' if warmed else f'  {place}'
            print(f'{what:48}{minor:7.3f}{major:7.3f}{"":7}'
                  f'{result.microseconds:9.2f}{elapsed:9.2f}', flush=True)


def drop_from_cache(path):
    """Has the kernel forget a file that nobody maps."""
    descriptor = os.open(path, os.O_RDONLY)
    os.fsync(descriptor)
    os.posix_fadvise(descriptor, 0, 0, os.POSIX_FADV_DONTNEED)
    os.close(descriptor)
