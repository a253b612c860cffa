import HTTP2
import Options
import RelayLog
import RelayStore
import System

/// Why relayd does not start.
enum StartupError: Error, CustomStringConvertible {
    case nowhereToServe
    case halfSchedule
    case noSchedule
    case twoKeys
    case samePath(String)
    case noSocketOfOurs
    case unknownGroup(String)
    case usersOverTCP(String)
    case noLog
    case logInMemory
    case noReplica(String)
    case badHostName(String)
    /// A host would have the name of relayctl.
    case toolsHostName
    case storeInUse(String)
    case file(FileError)
    /// A socket's path or address that is none.
    case place(TransportError)
    /// The address of a log that is none.
    case url(JetStreamURLError)

    var description: String {
        switch self {
        case .nowhereToServe:
            "there is no socket to serve: give --socket PATH or --listen 127.0.0.1:PORT"
        case .halfSchedule:
            "--snapshot-every and --snapshot-to go together and need a store on disk: give both, "
                + "and a --store other than :memory:"
        case .noSchedule:
            "--snapshot-verify, --snapshot-keep-… and --snapshot-key-file are for the snapshots that "
                + "relayd takes: give --snapshot-every and --snapshot-to too"
        case .twoKeys:
            "--snapshot-key-file and --snapshot-passphrase-file exclude each other: give one"
        case .samePath(let path):
            "the API and the admin API cannot share the socket \(path): choose two paths"
        case .noSocketOfOurs:
            "--socket-mode and --socket-group are about --socket, which is not given: a socket that "
                + "systemd passes has SocketMode= and SocketGroup= in its unit"
        case .unknownGroup(let name):
            "--socket-group '\(name)' is no group of this machine: see getent group"
        case .usersOverTCP(let place):
            "--allow-uid and --allow-gid cannot hold on \(place): TCP does not tell who a client "
                + "is; serve a Unix socket alone, or leave them out"
        case .noLog:
            "--host-name, --log-creds, --join, --stale-reads and --on-divergence are about the log that hosts "
                + "share: give --log too"
        case .logInMemory:
            "a store in memory cannot share a log: give a --store on disk, or leave out --log"
        case .noReplica(let store):
            "there is no store in \(store) that could go on with the log: give --join REPO, a repository "
                + "with snapshots of another host's, or --log of 'relayctl cluster init --from' a store here"
        case .badHostName(let name):
            "'\(name)' cannot be a host's name in --log: give --host-name with 1 to "
                + "\(RelayStore.Limits.hostNameBytes) letters, digits, - and _"
        case .toolsHostName:
            "'\(HostName.relayctl)' cannot be a host's name in --log, where relayctl itself is called so: give "
                + "--host-name with another one"
        case .storeInUse(let store):
            "another relayd serves the store \(store): stop it first, or choose another --store"
        case .file(let error): "\(error)"
        case .place(let error): "\(error)"
        case .url(let error): "\(error)"
        }
    }

    /// How the process ends: what the command line alone shows to be wrong is a usage error.
    var exitCode: ExitCode {
        switch self {
        case .nowhereToServe, .halfSchedule, .noSchedule, .twoKeys, .samePath, .usersOverTCP,
            .noSocketOfOurs, .unknownGroup, .noLog, .logInMemory, .badHostName,
            .toolsHostName, .place, .url:
            .usage
        case .storeInUse, .noReplica, .file: .failure
        }
    }
}
