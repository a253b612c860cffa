"""tools/bench: see there for what it measures and how to call it."""
import argparse
import atexit
import pathlib
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

import beside
import downloads
import followers
import growth
import instructions
import loading
import loads
import pulls
import servers
import shared
import writes

QUICK_ORDERS = 100_000
QUICK_SHARE = 4  # a quick run asks for this part of the requests


class Setup:
    """Where things are, and the store to measure on."""

    def __init__(self, options):
        self.bin = options.bin
        self.orders = options.orders
        self.work = pathlib.Path(options.work).resolve()
        self.work.mkdir(parents=True, exist_ok=True)
        # A Unix socket's path has at most 107 bytes: a short directory of its own.
        self.sockets = tempfile.mkdtemp(prefix='relay-bench-', dir='/tmp')
        atexit.register(shutil.rmtree, self.sockets, ignore_errors=True)
        self.store = self.work / f'store-{self.orders}'
        self.files = self.work / f'files-{self.orders}'
        self.make_store(options.fresh)
        self.key = self.make_key()

    def relayctl(self, *arguments):
        line = [f'{self.bin}/relayctl', *arguments]
        return subprocess.run(line, capture_output=True, text=True)

    def make_store(self, fresh):
        if fresh or self.relayctl('stat', '--store', str(self.store)).returncode != 0:
            shutil.rmtree(self.store, ignore_errors=True)
            say(f'making a sample of {self.orders} orders in {self.store}')
            made = self.relayctl('sample', '--store', str(self.store), '--orders', str(self.orders))
            if made.returncode != 0:
                servers.fail(made.stderr)

    def make_key(self):
        """A key for this run. A store keeps only the hash, so there is one more in each run."""
        made = self.relayctl(
            'keys', 'create', '--store', str(self.store), '--account', '1', '--json')
        if made.returncode != 0:
            servers.fail(made.stderr)
        return made.stdout.split('"key":')[1].split('"')[1]

    def copy(self, name):
        """A fresh copy of the store, for a server of its own or to be changed."""
        copy = self.work / name
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(self.store, copy, ignore=shutil.ignore_patterns('*.sock*', '*lock*'))
        return copy

    def write_files(self):
        """Writes what the peers serve: one order and one page, as relayd answers them."""
        self.files.mkdir(exist_ok=True)
        server = servers.relayd(self, 1)
        for name, path in (('order', f'/v1/orders/{self.orders // 2}'),
                           ('page', '/v1/orders?limit=50&offset=1000')):
            (self.files / name).write_bytes(beside.get(server, path))
        server.stop()

    def targets(self, load, count):
        """A file of the targets of a load for relayd."""
        path = f'{self.sockets}/{load.name}-{count}'
        loads.write_targets(path, loads.targets(load, self.orders, count))
        return path

    def peer_targets(self, load):
        path = f'{self.sockets}/peer-{load.file}'
        loads.write_targets(path, [f'/{load.file}'])
        return path


def say(text):
    print(f'bench: {text}', file=sys.stderr, flush=True)


def measure(setup, load, count, rounds, relays, others):
    """Runs a load on all servers in turns; medians of all rounds but the first."""
    own, foreign = setup.targets(load, count), setup.peer_targets(load)
    rows = {server: [] for server in relays + others}
    for number in range(rounds + 1):
        for server in rows:
            file = own if server in relays else foreign
            result = loads.run(server, count, load.arguments, file)
            if number > 0:
                rows[server].append(result)
    return {server: loads.Result(statistics.median(r.microseconds for r in results),
                                 statistics.median(r.per_second for r in results))
            for server, results in rows.items()}


def print_tables(setup, options):
    print(f'{setup.orders:,} orders, medians of {options.rounds} rounds in turns; server on '
          f'core 0, h2load on core {loads.core()}.\n')
    setup.write_files()
    print_memory(setup)
    print_loads(setup, options)
    print_starts(setup, options.rounds)
    beside.print_mixed(setup, options)
    pulls.print_table(setup, options)
    beside.print_cold(setup)


def print_loads(setup, options):
    """CPU of relayd with one loop and with two, and of the peers."""
    one, two = servers.relayd(setup, 1), servers.relayd(setup, 2)
    others = servers.peers(setup)
    try:
        print('Server CPU per request in µs. Peers serve the same bytes from files; in brackets '
              'relayd : peer.\n')
        names = ''.join(f'{peer.name:>14}' for peer in others)
        print(f'{"load":7}{"":25}{"relayd":>7}{"req/s":>9}{"2 loops":>9}{names}')
        for name in options.loads.split(','):
            load = loads.LOADS[name]
            count = load.requests // (QUICK_SHARE if options.quick else 1)
            if name == 'single':
                count = min(count, setup.orders)
            results = measure(setup, load, count, options.rounds, [one, two], others)
            print(row(load, results, one, two, others), flush=True)
        print()
    finally:
        for server in [one, two] + others:
            server.stop()


def row(load, results, one, two, others):
    own = results[one]
    text = (f'{load.name:7}{load.what:25}{own.microseconds:7.2f}{own.per_second:9.0f}'
            f'{results[two].microseconds:9.2f}')
    for peer in others:
        other = results[peer].microseconds
        text += f'{other:8.2f}{f"({own.microseconds / other:.2f})":>6}'
    return text


def print_memory(setup):
    """Anonymous memory at rest, and of connections that have made one request each."""
    # Fresh servers: what a load has left in the heap would hide what a connection takes.
    measured = [servers.relayd(setup, 1)] + servers.peers(setup)
    try:
        idle = [server.anonymous_kilobytes() for server in measured]
        each = [beside.bytes_per_connection(server) for server in measured]
    finally:
        for server in measured:
            server.stop()
    print(f'{"Anonymous memory":32}' + ''.join(f'{server.name:>12}' for server in measured))
    print(f'{"at idle, KiB":32}' + ''.join(f'{value:12}' for value in idle))
    print(f'{"an idle connection, bytes":32}' + ''.join(f'{value:12.0f}' for value in each))
    print(flush=True)


def print_starts(setup, rounds):
    """Time from exec to the first connection that is accepted."""
    times = []
    for _ in range(rounds):
        server = servers.relayd(setup, 1)
        times.append(server.start_seconds * 1e3)
        server.stop()
    print(f'Start until a connection is accepted: {statistics.median(times):.1f} ms\n',
          flush=True)


def main():
    parser = argparse.ArgumentParser(prog='tools/bench', add_help=False)
    parser.add_argument('--bin', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--work', required=True, help=argparse.SUPPRESS)
    parser.add_argument('--orders', type=int)
    parser.add_argument('--rounds', type=int)
    parser.add_argument('--loads', default=','.join(loads.LOADS))
    parser.add_argument('--quick', action='store_true')
    parser.add_argument('--fresh', action='store_true')
    parser.add_argument('--instructions', action='store_true')
    parser.add_argument('--followers', action='store_true')
    parser.add_argument('--growth', action='store_true')
    parser.add_argument('--downloads', action='store_true')
    parser.add_argument('--loading', action='store_true')
    parser.add_argument('--writes', action='store_true')
    parser.add_argument('--shared', action='store_true')
    options = parser.parse_args()
    options.orders = options.orders or (QUICK_ORDERS if options.quick else 1_000_000)
    options.rounds = options.rounds or (3 if options.quick else 5)
    for name in options.loads.split(','):
        if name not in loads.LOADS:
            parser.error(f'there is no load {name}; there are {", ".join(loads.LOADS)}')
    began = time.monotonic()
    if options.growth:
        growth.print_table(Setup, options)
        return say(f'took {time.monotonic() - began:.0f} s')
    setup = Setup(options)
    if options.instructions:
        instructions.print_table(setup)
    elif options.followers:
        followers.print_table(setup)
    elif options.loading:
        loading.print_table(setup, options)
    elif options.writes:
        writes.print_table(setup, options)
    elif options.shared:
        shared.print_table(setup, options)
    elif options.downloads:
        downloads.print_table(setup)
    else:
        print_tables(setup, options)
    say(f'took {time.monotonic() - began:.0f} s')


main()
