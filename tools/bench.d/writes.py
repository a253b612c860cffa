"""Durable writes: changes of one order each, kept by relayd in both of its ways and by PostgreSQL."""
import glob
import os
import pathlib
import pwd
import re
import shutil
import statistics
import subprocess

import loads
import servers

SECONDS = 4  # of a round
# How many changes are under way at once, and h2load's connections and streams for them.
UNDER_WAY = {1: (1, 1), 8: (8, 1), 64: (8, 8)}
WAYS = ('log', 'synced-commits')
ROWS = 20_000
TITLE = 'x' * 1_200  # with it a row has about as many bytes as an order


def print_table(setup, options):
    print(f'Changes of one record a request, each on the disk before it is answered; a second, medians of '
          f'{options.rounds} rounds\nin turns. In brackets relayd : the other.\n')
    relays = {way: start(setup, way) for way in WAYS}
    postgres = Postgres.start(setup)
    others = [WAYS[1]] + (['PostgreSQL'] if postgres else [])
    print(f'{"under way":>9}{"relayd":>10}' + ''.join(f'{name:>24}' for name in others)
          + f'{"µs CPU a write":>24}')
    try:
        for count in UNDER_WAY:
            rates = {name: [] for name in [*relays, *others]}
            costs = {name: [] for name in relays}
            for _ in range(options.rounds):
                for way, server in relays.items():
                    before = server.cpu_microseconds()
                    written = patch(setup, server, count)
                    rates[way].append(written / SECONDS)
                    costs[way].append((server.cpu_microseconds() - before) / written)
                if postgres:
                    rates['PostgreSQL'].append(postgres.run(count))
            own = statistics.median(rates[WAYS[0]])
            text = f'{count:9}{own:10.0f}'
            for name in others:
                other = statistics.median(rates[name])
                text += f'{other:16.0f}{f"({own / other:.2f})":>8}'
            both = ', '.join(f'{statistics.median(costs[way]):.0f}' for way in WAYS)
            print(f'{text}{both:>24}', flush=True)
    finally:
        for server in relays.values():
            server.stop()
        if postgres:
            postgres.stop()


def start(setup, way):
    # Like PostgreSQL, on all cores: its writer and its checkpoints are threads beside the loop.
    return servers.relayd(setup, 1, setup.copy(f'writes-{way}'), ['--durability', way],
                          cores=f'0-{os.cpu_count() - 1}')


def patch(setup, server, count):
    """Changes random orders for a while; returns how many changes were answered."""
    body = f'{setup.sockets}/body'
    pathlib.Path(body).write_text('{"internalId": "A-4711"}')
    clients, streams = UNDER_WAY[count]
    line = ['h2load', '-D', str(SECONDS), '-c', str(clients),
            '-m', str(streams), '-d', body, '-H', server.header, '-H', ':method: PATCH',
            '-H', 'content-type: application/json', '-B', server.place,
            '-i', setup.targets(loads.LOADS['single'], ROWS)]
    text = subprocess.run(line, capture_output=True, text=True, check=True).stdout
    good, bad = re.search(r'status codes: (\d+) 2xx, 0 3xx, (\d+ 4xx, \d+ 5xx)', text).groups()
    if bad != '0 4xx, 0 5xx':
        servers.fail(f'changes were refused: {bad}')
    return int(good)


class Postgres:
    """A PostgreSQL on the disk of the stores, with a table like orders: rows of 1.3 KB, two indexes, one of
    them of what changes."""

    @classmethod
    def start(cls, setup):
        """None where it is not installed."""
        found = sorted(glob.glob('/usr/lib/postgresql/*/bin/pgbench'))
        return cls(setup, os.path.dirname(found[-1])) if found else None

    def __init__(self, setup, bin):
        self.bin, self.place = bin, setup.work / 'postgres'
        shutil.rmtree(self.place, ignore_errors=True)
        self.place.mkdir()
        # It refuses to run as root.
        self.user = None
        if os.geteuid() == 0:
            self.user = pwd.getpwnam('postgres').pw_uid
            os.chown(self.place, self.user, -1)
        self.data, self.sockets = self.place / 'data', pathlib.Path(setup.sockets)
        os.chmod(self.sockets, 0o777)
        self.call('initdb', '-D', str(self.data), '-A', 'trust', '-U', 'postgres')
        self.call('pg_ctl', '-D', str(self.data), '-w', '-l', str(self.place / 'log'), '-o',
                  f"-k {self.sockets} -c listen_addresses=''", 'start')
        self.sql(f"""CREATE TABLE orders (id int PRIMARY KEY, title text, internal_id text, updated timestamptz);
                     INSERT INTO orders SELECT n, '{TITLE}', 'A', now() FROM generate_series(1, {ROWS}) n;
                     CREATE INDEX ON orders (updated); ANALYZE""")
        self.script = self.place / 'script'
        self.script.write_text(f'\\set id random(1, {ROWS})\nUPDATE orders SET internal_id = '
                               "'A-4711', updated = now() WHERE id = :id;\n")

    def call(self, program, *arguments):
        done = subprocess.run([f'{self.bin}/{program}', *arguments], cwd=self.place, text=True,
                              user=self.user, stdout=subprocess.PIPE, stderr=subprocess.STDOUT)
        if done.returncode != 0:
            servers.fail(f'{program}: {done.stdout}')
        return done.stdout

    def sql(self, text):
        self.call('psql', '-h', str(self.sockets), '-U', 'postgres', '-q', '-c', text)

    def run(self, count):
        """Changes rows for a while; returns changes per second."""
        text = self.call('pgbench', '-h', str(self.sockets), '-U', 'postgres', '-n', '-M', 'prepared',
                         '-c', str(count), '-j', '1', '-T', str(SECONDS), '-f', str(self.script), 'postgres')
        return float(re.search(r'tps = ([\d.]+)', text).group(1))

    def stop(self):
        self.call('pg_ctl', '-D', str(self.data), '-m', 'fast', 'stop')
        shutil.rmtree(self.place, ignore_errors=True)
