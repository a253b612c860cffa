"""Clients at once on few records, across kills and restarts: is every answer linearizable?

Each client reads, lists, patches (half of the time with If-Match) and deletes appointments, closes
connections in the middle, and notes what it was told and when. relayd is killed and restarted
meanwhile. linearizability.py then judges the history of each record.
"""
import shutil
import time

import recording
import relay
import report

NUMBERS = [
    report.Number('operations', 2_500, 120_000, 'recorded operations'),
    report.Number('clients', 8, 12, 'clients at once'),
    report.Number('records', 6, 8, 'records that live at once'),
    report.Number('restarts', 6, 60, 'kills (every second one: SIGTERM) while they run'),
]
PLANTS = {
    'stale-read': 'some reads are answered from an older copy of the store',
    'lost-write': 'after a kill the store is the one of the restart before',
    'ignored-condition': 'If-Match is taken off some requests',
}
# What has to be said of them.
FINDINGS = {
    'stale-read': 'an older version after|which was overwritten|make', 'lost-write': 'version|make',
    'ignored-condition': 'lies between If-Match',
}


def torture(run: report.Run) -> None:
    """Records a history while relayd is killed, and judges it."""
    world = begin(run)
    threads = [recording.Client(world, number) for number in range(1, run.number('clients') + 1)]
    for thread in threads:
        thread.start()
    restart_while_they_run(world)
    for thread in threads:
        thread.join(60)
    run.expect(not any(thread.is_alive() for thread in threads), 'a client hangs')
    restart(world, kill=True)
    look_once_more(world)
    bound(world)
    judge(world)


def begin(run: report.Run) -> recording.World:
    """A store with a customer, relayd on it, and the first records."""
    store = run.place / 'store'
    run.programs.sample(store, orders=1, seed=1)
    key = run.programs.key(store)
    server = relay.Relayd(run.programs, store)
    customer = server.client(key).get('/v1/customers').json()['customers'][0]['id']
    world = recording.World(run, server, key, customer, goal=run.number('operations'))
    first = recording.Client(world, 0)
    for _ in range(run.number('records')):
        first.create()
    return world


def restart_while_they_run(world: recording.World) -> None:
    """Restarts relayd each time that so many operations were recorded."""
    restarts = world.run.number('restarts')
    for number in range(1, restarts + 1):
        goal = world.goal * number // (restarts + 1)
        while len(world.operations) < goal and not world.is_over:
            time.sleep(0.005)
        restart(world, kill=number % 2 == 1)
        if number % 10 == 0:
            world.run.step(f'{number} restarts, {len(world.operations)} operations')


def restart(world: recording.World, kill: bool) -> None:
    """Ends relayd and starts it again, with what is planted in between."""
    run, server = world.run, world.server
    code = server.kill() if kill else server.stop()
    world.deaths.append(time.monotonic_ns())
    run.expect(code == (-9 if kill else 0), f'relayd ended with {code}: {server.log()[-500:]}')
    copy = run.place / 'copy'
    if run.plant == 'lost-write':
        if copy.exists():
            # The log belongs to the file beside it.
            shutil.rmtree(server.store / 'log')
            shutil.copytree(copy / 'log', server.store / 'log')
            shutil.copy(copy / 'data.mdb', server.store / 'data.mdb')
        shutil.rmtree(copy, ignore_errors=True)
        shutil.copytree(server.store, copy, ignore=no_sockets)
    server.start()
    if run.plant == 'stale-read' and world.stale is None:
        shutil.copytree(server.store, copy, ignore=no_sockets)
        world.stale = relay.Relayd(run.programs, copy, run.place / 'stale.sock')


def no_sockets(_: str, names: list[str]) -> list[str]:
    """What copytree is to leave out."""
    return [name for name in names if name.endswith('.sock')]


def look_once_more(world: recording.World) -> None:
    """Reads every record after the last restart; the list has those that are there, no others."""
    last = recording.Client(world, 0)
    # What turns out to be gone is not replaced any more.
    world.living.clear()
    created = {operation.record for operation in world.operations if operation.kind == 'create'}
    for record in sorted(created):
        last.read(record)
    alive = {operation.record for operation in world.operations[-len(created):]
             if operation.outcome == 'done' and operation.kind == 'read'}
    answer = world.server.client(world.key).get('/v1/appointments')
    # The sample has one of its own.
    listed = {shown['id'] for shown in answer.json()['appointments']} - {1}
    world.run.expect(
        listed == alive, f'listed but not there, or made twice: {sorted(listed - alive)}; '
        f'there but not listed: {sorted(alive - listed)}')
    world.run.expect(
        answer.headers.get('x-total-count') == str(len(listed) + 1),
        f"X-Total-Count is {answer.headers.get('x-total-count')} for {len(listed) + 1}")


def bound(world: recording.World) -> None:
    """Gives writes without an answer their end: the end of the process that they were sent to."""
    for operation in world.operations:
        if operation.outcome == 'unanswered':
            operation.ended = min(death for death in world.deaths if death > operation.begun)


def judge(world: recording.World) -> None:
    """Checks the history, and says what it had."""
    world.run.expect(len(world.epochs) == 1, f'the epoch changed: {world.epochs}')
    world.run.summary = f'{recording.judge(world)}, {len(world.deaths)} restarts, 0 violations'


if __name__ == '__main__':
    report.main(torture, PLANTS, NUMBERS, FINDINGS)
