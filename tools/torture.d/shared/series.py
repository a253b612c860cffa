"""Clusters one after the other, each for what is done to the servers of its engine."""
import contextlib
import pathlib
import shutil
from typing import Callable, Iterator, Sequence

import books
import disks
import engine
import hosts
import relay
import report

FIRST_ORDERS = 20
LOAD_SECONDS = 1.0
DISK_MEGABYTES = 500


class Series:
    """What they share. `sync` is when servers sync what they keep."""

    def __init__(self, run: report.Run, sync: str = 'always') -> None:
        self.run = run
        self.sync = sync
        self.figures = books.Figures()
        self.rounds = 0
        # The servers' disks, when they have some of their own.
        self.disks: list[disks.CutDisk] = []

    @contextlib.contextmanager
    def cluster(self, powered: bool = False) -> Iterator[hosts.Cluster]:
        """Servers and hosts, which are gone afterwards; the servers' disks are such as can be cut off."""
        place = self.run.place / 'engine'
        place.mkdir()
        with contextlib.ExitStack() as ends:
            ends.callback(self.clear)
            self.disks = []
            for server in range(engine.SERVERS if powered else 0):
                disk = disks.CutDisk(place, f'{server}', place / f'store{server}', DISK_MEGABYTES)
                disk.mount()
                ends.callback(disk.unmount)
                self.disks.append(disk)
            servers = ends.enter_context(engine.Engine(place, sync=self.sync))
            ends.callback(relay.end_all)
            yield hosts.begin(self.run, servers, FIRST_ORDERS)

    def clear(self) -> None:
        """Removes all of it."""
        for path in self.run.place.iterdir():
            if path.is_dir():
                shutil.rmtree(path)
            else:
                path.unlink()

    def load(self, cluster: hosts.Cluster) -> books.Load:
        """Writers and readers with books of their own."""
        self.rounds += 1
        return books.Load(cluster, self.run.number('writers'), f's{self.rounds}', self.figures)

    def exchange(
        self, servers: engine.Engine, chosen: Sequence[int], change: Callable[[pathlib.Path], object],
    ) -> None:
        """Ends some servers, changes what they keep, and starts them."""
        for server in chosen:
            servers.kill(server)
        for server in chosen:
            change(servers.store(server))
        for server in chosen:
            servers.start(server)
