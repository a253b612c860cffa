"""Small requests beside a client that pulls large pages without pause."""
import json
import socket
import statistics
import subprocess
import time

import beside
import loads
import servers

PAGE = 1_000
READS = 20_000
# One request at a time on each of these connections.
READERS = 4


def print_table(setup, options):
    """p99 of single orders alone, beside the pull, and beside a pull from a server of its own."""
    server, other = servers.relayd(setup, 1), servers.relayd(setup, 1, setup.copy('pulled'))
    file = setup.targets(loads.LOADS['hot'], READS)
    rows = {'alone': [], 'beside': [], 'client': []}
    try:
        for number in range(options.rounds + 1):
            for name, pulled in (('alone', None), ('beside', server), ('client', other)):
                pull = Pull(setup, pulled) if pulled else None
                took = percentile(setup, server, file)
                sent = pull.stop() if pull else 0
                if number > 0:
                    rows[name].append((took, sent))
    finally:
        server.stop()
        other.stop()
    alone, same, apart = (
        [statistics.median(column) for column in zip(*rows[name])] for name in rows)
    title = f'p99 of single orders beside pages of {PAGE:,} without pause, ms'
    print(f'{title:64}{"p99":>8}{"ratio":>8}{"MB/s":>9}')
    print(f'{"  alone":64}{alone[0]:8.2f}')
    print(f'{"  pages from the same loop, on a connection of their own":64}{same[0]:8.2f}'
          f'{same[0] / alone[0]:8.2f}{same[1]:9.0f}')
    # Both clients share a core, whose waits are in the figures.
    print(f'{"  pages from another process: what the clients do to each other":64}{apart[0]:8.2f}'
          f'{apart[0] / alone[0]:8.2f}{apart[1]:9.0f}\n', flush=True)


def percentile(setup, server, file):
    """The 99th percentile of the durations of single requests, in ms."""
    log = f'{setup.sockets}/latencies'
    loads.run(server, READS, ('-c', str(READERS), '-m', '1', f'--log-file={log}'), file)
    return beside.p99(log)


class Pull:
    """A client that has one page after the other until it is told to stop."""

    def __init__(self, setup, server):
        path = f'{setup.sockets}/pull'
        loads.write_targets(path, [f'/v1/orders?limit={PAGE}&offset={offset}'
                                   for offset in range(0, setup.orders // 2, PAGE)])
        self.admin = Admin(server)
        line = ['taskset', '-c', loads.core(), 'h2load', '-D', '600', '-c', '1', '-m', '1',
                '-w', '24', '-W', '24', '-H', server.header, '-B', server.place, '-i', path]
        self.process = subprocess.Popen(
            line, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
        time.sleep(0.3)
        self.began, self.before = time.monotonic(), self.admin.sent_bytes()

    def stop(self):
        """Ends it; returns MB per second that the server sent meanwhile."""
        sent = self.admin.sent_bytes() - self.before
        rate = sent / (time.monotonic() - self.began) / 1e6
        self.process.kill()
        self.process.wait()
        return rate


class Admin:
    """The admin socket of a relayd, for `beside.get`."""

    header = None

    def __init__(self, server):
        self.path = server.place.removeprefix('unix:') + '.admin'

    def connect(self):
        connection = socket.socket(socket.AF_UNIX)
        connection.connect(self.path)
        return connection

    def sent_bytes(self):
        return json.loads(beside.get(self, '/admin/stat'))['sentBytes']
