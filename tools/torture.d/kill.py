"""kill -9 under load: what was acknowledged is there after the restart"""
import time

import report
from client import Client
from load import Commenter, Comments, Ledger, Writers
from relay import Relayd
from report import Number, Run
from shim import FOREVER, Shim

# A store is checked whole once in so many kills: that is another process each time.
CHECK_EVERY = 10
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
    slowest = 0.0
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
        commented = max(commented, len(comments.acknowledged))
        if len(ledger.orders) > MOST_ORDERS:
            ledger.orders.clear()
        if kill % max(1, kills // 10) == 0:
            run.step(
                f'{kill} kills, {ledger.acknowledged} acknowledged writes, '
                f'{ledger.unanswered} without an answer, {len(run.faults)} wrong')
    code = server.stop()
    run.expect(code == 0, f'relayd exits with {code} after SIGTERM')
    run.expect(ledger.acknowledged >= kills, f'only {ledger.acknowledged} writes in {kills} kills')
    run.summary = (
        f'{kills} kills, {ledger.acknowledged} acknowledged writes, 0 lost; an order with up to '
        f'{commented} long comments; slowest start {1000 * slowest:.0f} ms')


def look(run: Run, ledger: Ledger, server: Relayd, client: Client, kill: int) -> None:
    """Everything that was acknowledged is there, and the store is whole."""
    for line in ledger.lost(client):
        run.wrong(f'after kill {kill}: {line}')
    if kill % CHECK_EVERY == 0:
        check = run.programs.relayctl('check', '--store', server.store)
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
            Number('threads', 8, 8, 'threads that write'),
            Number('milliseconds', 120, 200, 'longest time between start and kill')],
        findings={'lost': 'acknowledged w-'})
