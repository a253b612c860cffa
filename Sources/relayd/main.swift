// relayd: opens a store and serves it until it is told to stop.
import Glibc
import HTTP2
import Logs
import Options
import RelayServer
import RelaySnapshots
import RelayStore
import System

let command = RelaydOptions.program.parseOrExit()
let options = RelaydOptions(command.arguments)

if options.isChecked {
    do {
        try options.check(
            try Systemd.takeListeners { RelaydOptions.program.complain($0, .warning) })
        let settings = RelaydOptions.program.settingsFile(
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

// Before anything takes a descriptor, the log's own thread too: what was passed stands at 3, 4, ….
var leftAlone: String?
let passed = Result { try Systemd.takeListeners { leftAlone = $0 } }

let log: Log
do {
    log = try Log(
        to: STDERR_FILENO, as: options.logFormat, forJournal: Journal.takes(STDERR_FILENO))
} catch {
    RelaydOptions.program.complain("\(error)")
    ExitCode.failure.exit()
}

/// Ends the process once the log is written.
func end(_ code: ExitCode) -> Never {
    log.finish()
    code.exit()
}

do {
    log.write(
        .info, "start", RelaydOptions.configuration(command.arguments),
        [
            ("version", .text(Version.text)), ("pid", .number(Int(getpid()))),
        ])
    if let leftAlone { log.write(.warning, "sockets_left_alone", leftAlone) }
    let running = try Startup.start(options, try passed.get(), log)
    log.write(.info, "ready", "ready \(options.summary(running.places))")
    Systemd.notify("READY=1\nSTATUS=serving \(running.places.joined(separator: ", "))")
    var received: Int32 = 0
    repeat {
        sigwait(&signals, &received)
        if received == SIGHUP {
            log.write(
                .info, "signal_ignored", "SIGHUP is ignored: relayd has nothing to reload")
        }
    } while received == SIGHUP
    Systemd.notify("STOPPING=1")
    let reason = running.service.fatalError.map { "\($0)" } ?? "signal \(received)"
    log.write(.info, "not_ready", "finishing what is under way, then ending: \(reason)")
    running.stop()
    if running.service.fatalError != nil {
        log.write(.error, "end", "ended because of the store: start relayd again")
        end(.failure)
    }
    log.write(.info, "end", "ended in good order")
    end(.success)
} catch SnapshotError.cancelled {
    log.write(.info, "end", "ended in good order, before there was a store to serve")
    end(.success)
} catch {
    let text = (error as? StoreError)?.description(in: options.store) ?? "\(error)"
    log.write(.error, "start_failed", text)
    end((error as? StartupError)?.exitCode ?? .failure)
}
