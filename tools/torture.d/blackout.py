"""power cuts of the engine: servers keep what they synced, and lose the rest; no acknowledged write is lost"""
import pathlib
import time

import disks
import engine
import report
import series

NUMBERS = [
    report.Number('cuts', 1, 60, 'how often the power of one to three servers is cut'),
    report.Number('writers', 8, 16, 'threads that write'),
]
PLANTS = {'lazy-sync': 'the servers sync what they keep two minutes after they have said that they keep it'}
FINDINGS = {'lazy-sync': 'has stopped: '}
# In which all hosts write again.
SERVICE_SECONDS = 60
# Cuts of one cluster, which then begins anew.
CUTS_OF_ONE = 10
# The share of hosts that are killed in the same moment.
KILLED = 0.25


class Torture(series.Series):
    """Clusters whose servers have disks of their own."""

    slowest = 0.0

    def cuts(self, count: int) -> int:
        """The power of servers is cut: what was acknowledged is there, and all go on; lines of the equal dumps."""
        with self.cluster(powered=True) as cluster:
            for _ in range(count):
                shares = (0,) if self.run.plant else (0, 0, 0.2, 0.7)
                chosen = self.run.random.sample(
                    range(engine.SERVERS), 3 if self.run.plant else self.run.random.choice([1, 2, 3, 3, 3]))
                what = f'{len(chosen)} servers without power'
                load = self.load(cluster)
                with load:
                    time.sleep(series.LOAD_SECONDS)
                    killed = [host for host in cluster.hosts if self.run.random.random() < KILLED]
                    for host in killed:
                        host.kill()
                    for server in chosen:
                        self.disks[server].cut(self.run.random, shares)
                    self.exchange(cluster.engine, chosen, self.restore)
                    for host in killed:
                        host.start()
                    cluster.await_service(what, seconds=SERVICE_SECONDS)
                load.say()
                cluster.settle(what)
                host = self.run.random.choice(cluster.hosts)
                for line in load.wrong(host):
                    self.run.wrong(f'{what}, host {host.name}: {line}')
                self.run.step(f'{what}: {self.figures.acknowledged} acknowledged writes so far')
            self.slowest = max(self.slowest, cluster.slowest)
            return cluster.compare()

    def restore(self, store: pathlib.Path) -> None:
        """Mounts the disk of a server again."""
        next(disk for disk in self.disks if disk.point == store).restore()


def torture(run: report.Run) -> None:
    """Cuts the power of engines under load, and compares what is left."""
    work = Torture(run, sync='2m' if run.plant == 'lazy-sync' else 'always')
    left, lines = run.number('cuts'), 0
    try:
        while left > 0:
            lines += work.cuts(min(left, CUTS_OF_ONE))
            left -= CUTS_OF_ONE
    except disks.Unmountable as reason:
        raise report.LeftOut(f'a power cut needs file systems of its own: {reason}') from reason
    figures = work.figures
    run.summary = (
        f"power cut {run.number('cuts')} times: {figures.acknowledged} acknowledged writes, 0 lost, 0 twice, "
        f'{figures.unknown + figures.unanswered} without an end, {figures.refused} refused; equal dumps of {lines} '
        f'lines; service again after {work.slowest:.1f} s; {figures.reads} reads, p99 {1000 * figures.p99():.0f} ms')


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
