// relayd: opens a store and serves it until it is told to stop.
import Glibc
import HTTP2
import Options
import RelayServer
import RelayStore
import System

let command = RelaydOptions.program.parseOrExit()
let options = RelaydOptions(command.arguments)

if options.isChecked {
    do {
        try options.check(try Systemd.takeListeners { RelaydOptions.program.complain($0) })
        let settings = RelaydOptions.program.settings(
            command.arguments, without: RelaydOptions.checkOption)
        print(settings, terminator: "")
        ExitCode.success.exit()
    } catch {
        RelaydOptions.program.complain("\(error)")
        ExitCode.usage.exit()
    }
}

Heap.bound()
// Before any thread starts, so that all of them leave these signals to the wait below.
var signals = sigset_t()
sigemptyset(&signals)
sigaddset(&signals, SIGTERM)
sigaddset(&signals, SIGINT)
sigaddset(&signals, SIGHUP)
pthread_sigmask(SIG_BLOCK, &signals, nil)
signal(SIGPIPE, SIG_IGN)
// Beyond a limit on the size of files (ulimit -f) writes fail like on a full disk.
signal(SIGXFSZ, SIG_IGN)
Startup.raiseDescriptorLimit()

do {
    let running = try Startup.start(options)
    print("relayd: ready \(options.summary(running.places))")
    fflush(nil)
    Systemd.notify("READY=1")
    var received: Int32 = 0
    repeat {
        sigwait(&signals, &received)
        if received == SIGHUP {
            RelaydOptions.program.complain("SIGHUP is ignored: relayd has nothing to reload")
        }
    } while received == SIGHUP
    Systemd.notify("STOPPING=1")
    running.stop()
    if running.service.fatalError != nil {
        RelaydOptions.program.complain("ended because of the store: start relayd again")
        ExitCode.failure.exit()
    }
} catch {
    let text = (error as? StoreError)?.description(in: options.store) ?? "\(error)"
    RelaydOptions.program.complain(text)
    ((error as? StartupError)?.exitCode ?? .failure).exit()
}
