"""kill -9 under load: what was acknowledged is there after the restart"""
import os
import pathlib
import subprocess
import time

import report
from client import Client
from load import Commenter, Comments, Ledger, Writers
from relay import Relayd
from report import Number, Run
from shim import FOREVER, Shim

# A store is checked whole once in so many kills: that is another process each time.
CHECK_EVERY = 10
# What relayd and relayctl say when they begin to apply the log, and when all of it is applied.
GOES_ON, WENT_ON = 'the store goes on', 'it went on'
RECOVERY_SECONDS = 20
# How often a kill is tried for one that is surely inside a recovery.
TRIES = 3
# What says which start of the machine a program believes in; relayctl beside relayd has to have the same.
BOOT = ('LD_PRELOAD', 'TORTURE_BOOT')
# The ledger is read back whole after every kill, so it begins anew before it gets long.
MOST_ORDERS = 400


def torture(run: Run) -> None:
    """Kills relayd at random moments while threads write, and reads all of it back."""
    store = run.place / 'store'
    run.programs.sample(store, orders=50, seed=run.seed)
    shim = Shim(run.place, store)
    server = Relayd(run.programs, store, environment=shim.environment)
    key = run.programs.key(store)
    ledger, kills, started = Ledger(), run.number('kills'), time.monotonic()
    comments, commented = Comments(server.client(key)), 0
    slowest, inside = 0.0, 0
    recoveries = Recoveries(run, shim, server, ledger, key)
    every = max(1, kills // max(1, TRIES * run.number('recoveries')))
    for kill in range(1, kills + 1):
        delay = run.random.uniform(0.005, run.number('milliseconds') / 1000)
        with Writers(ledger, server.client(key), run.number('threads')), Commenter(
                comments, server.client(key)):
            if run.plant == 'lost':
                shim.fail('write', 'drop', run.random.randrange(1, 40), FOREVER)
            time.sleep(delay)
            code = server.kill()
        run.expect(code == -9, f'relayd ended by itself with {code}: {server.log()[-500:]}')
        shim.heal()
        begin = time.monotonic()
        server.start()
        slowest = max(slowest, time.monotonic() - begin)
        look(run, ledger, server, server.client(key), kill)
        for line in comments.lost(server.client(key)):
            run.wrong(f'after kill {kill}: {line}')
        if run.plant is None and kill % every == 0 and inside < run.number('recoveries'):
            inside += recoveries.perform()
            look(run, ledger, server, server.client(key), kill)
            for line in ledger.twice(server.client(key)):
                run.wrong(f'after kill {kill}, inside a recovery: {line}')
        commented = max(commented, len(comments.acknowledged))
        if len(ledger.orders) > MOST_ORDERS:
            ledger.orders.clear()
        if kill % max(1, kills // 10) == 0:
            run.step(
                f'{kill} kills, {ledger.acknowledged} acknowledged writes, '
                f'{ledger.unanswered} without an answer, {inside} inside recovery, '
                f'{len(run.faults)} wrong')
    code = server.stop()
    run.expect(code == 0, f'relayd exits with {code} after SIGTERM')
    run.expect(ledger.acknowledged >= kills, f'only {ledger.acknowledged} writes in {kills} kills')
    if run.plant is None:
        run.expect(
            inside >= run.number('recoveries') // 2, f'only {inside} kills were inside a recovery')
    run.summary = (
        f'{kills} kills and {inside} inside recovery of up to {recoveries.most} commands, '
        f'{ledger.acknowledged} acknowledged writes, 0 lost, 0 twice; an order with up to '
        f'{commented} long comments; slowest start {1000 * slowest:.0f} ms')


class Recoveries:
    """Kills of programs that apply what the log has and the store lacks.

    So that this takes a while, the disk is slow to keep the store's pages before, and the programs believe
    that the machine was started anew: they go back to the last checkpoint.
    """

    def __init__(self, run: Run, shim: Shim, server: Relayd, ledger: Ledger, key: str) -> None:
        self.run = run
        self.shim = shim
        self.server = server
        self.ledger = ledger
        self.key = key
        self.boot = run.place / 'boot'
        self.most = self.count = 0

    def perform(self) -> bool:
        """Kills relayd, and then whoever recovers; whether that one was still at it."""
        self.count += 1
        self.shim.only('/data.mdb')
        self.shim.fail('sync', 'slow', 1, FOREVER)
        before = self.ledger.acknowledged
        with Writers(self.ledger, self.server.client(self.key), self.run.number('threads')):
            time.sleep(self.run.random.uniform(0.3, self.run.number('tail') / 1000))
            self.server.kill()
        self.most = max(self.most, self.ledger.acknowledged - before)
        # Restarts after it see the same start of the machine until the next time.
        self.server.environment.update(self.shim.booted(self.boot))
        is_inside = False
        for _ in range(self.run.random.randint(1, 2)):
            is_inside |= self.kill_one()
        self.shim.heal()
        self.shim.only('')
        self.server.start()
        return is_inside

    def kill_one(self) -> bool:
        """Starts relayd or relayctl, and kills it while it recovers."""
        programs, store = self.run.programs.directory, self.server.store
        command: list[object] = [programs / 'relayctl', 'check', '--store', store]
        if self.run.random.random() < 0.5:
            command = [programs / 'relayd', '--store', store, '--socket', self.server.socket]
        said = self.run.place / 'recovery'
        is_late = self.run.random.random() < 0.4
        with open(said, 'wb') as file:
            process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=file, stderr=file,
                env={**os.environ, **self.server.environment})
        until = time.monotonic() + RECOVERY_SECONDS
        # Behind the last command the disk has to keep all of it, slowly.
        text = WENT_ON if is_late else GOES_ON
        while text not in self.text(said) and process.poll() is None and time.monotonic() < until:
            time.sleep(0.001)
        time.sleep(self.run.random.uniform(0, 0.2 if is_late else 0.1))
        process.kill()
        code = process.wait()
        return code < 0 and text in self.text(said) and (is_late or WENT_ON not in self.text(said))

    @staticmethod
    def text(said: pathlib.Path) -> str:
        """What the program said so far."""
        return said.read_text(errors='replace')


def look(run: Run, ledger: Ledger, server: Relayd, client: Client, kill: int) -> None:
    """Everything that was acknowledged is there, and the store is whole."""
    for line in ledger.lost(client):
        run.wrong(f'after kill {kill}: {line}')
    if kill % CHECK_EVERY == 0:
        boot = {name: server.environment[name] for name in BOOT if name in server.environment}
        check = run.programs.relayctl('check', '--store', server.store, environment=boot)
        run.expect(
            check.returncode == 0,
            f'after kill {kill}: relayctl check exits with {check.returncode}: '
            f'{(check.stdout + check.stderr)[-400:]}')


if __name__ == '__main__':
    report.main(
        torture,
        plants={'lost': 'writes to the store are left out from a random one on'},
        numbers=[
            Number('kills', 20, 1000, 'how often relayd is killed'),
            Number('recoveries', 2, 20, 'how often whoever recovers is killed, too'),
            Number('tail', 900, 2500, 'longest time in milliseconds that is recovered then'),
            Number('threads', 8, 8, 'threads that write'),
            Number('milliseconds', 120, 200, 'longest time between start and kill')],
        findings={'lost': 'acknowledged w-'})
