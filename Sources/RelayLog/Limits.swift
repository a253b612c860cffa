import RelayStore

/// Every limit of logs that hosts share: its unit, its value and the reason for it.
enum Limits {
    /// The oldest server that is spoken to: 2.15.1, the one that the failure tests run against. What came
    /// before it has lost messages on a change of leader and on membership changes (Jepsen on 2.12.1).
    static let leastServer = ServerVersion(major: 2, minor: 15, patch: 1)

    /// The oldest libnats with which TLS is spoken: 3.11. Before it one connection is read and written in two
    /// threads without a lock, which OpenSSL forbids.
    static let leastLibraryWithTLS: UInt32 = 0x03_0B_00

    /// Servers that keep a log, unless its creation says otherwise: with three, one may die.
    static let replicas = 3

    /// Servers that JetStream lets keep a stream, at most.
    static let mostReplicas = 5

    /// Bytes that a server must take in one message: those of the longest, and 1 024 for its headers, which have
    /// the name of the log and an id.
    static let payloadBytes = RelayStore.Limits.messageBytes + 1_024

    /// Days that a message is kept: a host that was away for a week still catches up.
    static let keptDays = 7

    /// Seconds in which a message of an id that was there is not taken again: two minutes, JetStream's default.
    /// A message is sent again after seconds; what comes later, its session tells.
    static let duplicateSeconds = 120

    /// Bytes of a log's or a host's name: what stays readable as a part of a subject.
    static let nameBytes = 64

    /// Announcements that are taken at once: 10 000, more than any number of hosts sends in a second, so that
    /// a flood of them keeps nobody.
    static let announcements = 10_000

    /// Servers in one address: those of the largest cluster that keeps a stream, and some to spare.
    static let servers = 16

    /// Port of a server whose address has none: that of NATS.
    static let port: UInt16 = 4222

    /// Bits of a file's mode that may be set of one with credentials: its owner reads and writes it.
    static let credentialsMode: UInt32 = 0o600

    /// Milliseconds for one attempt to connect: a server on the same host or network answers in one.
    static let connectMilliseconds: Int64 = 1_000

    /// Milliseconds between two attempts: a server that starts again is there in some hundred.
    static let reconnectMilliseconds: Int64 = 250

    /// Milliseconds after which a write that makes no progress ends its connection.
    static let writeMilliseconds: Int64 = 1_000

    /// Milliseconds between two questions whether the connection lives; the third without an answer ends it.
    static let pingMilliseconds: Int64 = 2_000

    /// Milliseconds after which a message without an answer is said to be unknown: 2 s. A group's answer takes
    /// milliseconds, the election of a leader seconds.
    static let answerMilliseconds: Int64 = 2_000

    /// Messages that wait or are under way: 4 096. Those who write keep to far fewer, but for a measurement.
    static let underWay = 4_096

    /// Milliseconds to wait for the answer to a question, such as for the state: as for a message.
    static let questionMilliseconds: Int64 = 2_000

    /// Milliseconds to wait until a log is made: 10 s. Its servers elect one that leads, and write to their disks
    /// before, which on busy ones took more than two seconds.
    static let creationMilliseconds: Int64 = 10_000

    /// Milliseconds by which the wall clock may be set back unnoticed, and between two looks at it: 1 s, which a
    /// wait then lasts longer.
    static let clockStepMilliseconds: Int64 = 1_000

    /// Milliseconds between two looks at the connection while an answer or a message is waited for.
    static let lookMilliseconds: Int64 = 250

    /// Milliseconds between two attempts to have a reader: each costs the engine a decision of a majority.
    static let readerPauseMilliseconds: Int64 = 250

    /// Milliseconds for which what the engine says may contradict what was read before it is believed: a
    /// leader that was paused tells an old state until it hears of the new leader.
    static let doubtMilliseconds: Int64 = 10_000

    /// Messages in one request to the reader: 1 024, and another request when fewer than half are left.
    static let pulledMessages = 1_024

    /// Bytes in one request: 8 MiB, more than any message, so that at most twice that waits in memory.
    static let pulledBytes = 8 << 20

    /// Seconds after which a request ends that brought nothing.
    static let pullSeconds = 30

    /// Milliseconds between two signs of life of a reader that has nothing to send.
    static let heartbeatMilliseconds = 1_000

    /// Milliseconds without message and sign of life after which a reader is given up: three signs.
    static let silenceMilliseconds: Int64 = 3_000

    /// Seconds without a word after which a server counts as away: 10. One that is there says something each
    /// second.
    static let silentSeconds: Int64 = 10

    /// Seconds after which the engine forgets a reader that nobody asks. It cannot be told to: hosts may not
    /// delete anything.
    static let forgottenSeconds = 10

    /// Messages that one read gives at most: those of one request.
    static let readMessages = 1_024

    /// Bytes after which a read gives what it has: 4 MiB, a few groups of commands.
    static let readBytes = 4 << 20

    /// Bytes of a text of libnats that are taken.
    static let textBytes = 256
}
