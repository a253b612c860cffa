/// What bounds the writing through a shared log.
extension Limits {
    /// Version of the bytes on disk of a store that is a replica: programs that know no replicas refuse it.
    public static let replicaFormat: UInt32 = 6

    /// What messages of a shared log mean. A program reads all levels up to its own; any change of what a
    /// command comes to needs a new one.
    public static let logLevel: UInt8 = 1

    /// Bytes of a message: 900 000, within the megabyte that engines take at most by default.
    public static let messageBytes = 900_000

    /// Commands of a message: 10 000, within the 16 bits of its count.
    static let messageCommands = 10_000

    /// Bytes of a command that is sent as it is; a longer one goes in chunks. Head and host's name take 128.
    static let wholeCommandBytes = messageBytes - 1_024

    /// Bytes of a host's name: 1 to 63 letters, digits, hyphens and underscores, as one word of a subject.
    public static let hostNameBytes = 63

    /// Messages of a host that wait for the engine: 8. More make nothing faster, and lengthen each wait.
    static let messagesUnderWay = 8

    /// How far a message's number may be ahead of the oldest one that waits for the engine: within the
    /// numbers that a session remembers, or the older one would count as a repetition.
    static let messageWindow: UInt64 = 56

    /// Numbers that a session remembers below its highest.
    static let sessionWindow: UInt64 = 64

    /// Milliseconds of the log's time that a session is remembered after its last message: a day, far longer
    /// than any engine or network holds a message back.
    static let sessionLife: Int64 = 24 * 60 * 60 * 1_000

    /// Milliseconds that the log's time may be ahead of a sender's clock: a minute. So one wrong clock pushes
    /// no record into the future.
    static let clockAhead: Int64 = 60_000

    /// Milliseconds that a sender's clock may be behind the log's time and be believed: 12 hours. Behind that a
    /// message says so much, well within a session's life: one whose host's clock is days behind would else
    /// count as one that was on its way for so long.
    static let clockBehind: Int64 = sessionLife / 2

    /// Milliseconds after which a message that the engine has not answered is sent again: 1 s.
    static let resendInterval: Int64 = 1_000

    /// Milliseconds that a message rests which the engine has refused, or whose answer is lost, before it is
    /// sent again: 200 ms.
    static let refusedPause: Int64 = 200

    /// Milliseconds that a message may wait for the engine before it is taken to have no leader: 2 s.
    static let electingAfter: Int64 = 2_000

    /// Milliseconds without a leader after which new writes are refused at once: 10 s.
    static let downAfter: Int64 = 10_000

    /// Milliseconds in which a write must be applied here: 11 s. Behind that its end is not known.
    public static let logDeadline: Int64 = 11_000

    /// Milliseconds between two messages of a host that writes nothing: 10 s. The engine's answer is the
    /// only proof that it is there.
    static let idleInterval: Int64 = 10_000

    /// Milliseconds for which one call reads: 500 ms.
    static let readWait: Int64 = 500

    /// Milliseconds of rest after an engine that cannot be reached, or a message that cannot be applied: 500.
    static let followPause: Int64 = 500

    /// Messages that were read and are not applied yet: 256, which make one group when a replica catches up.
    /// Each command that fails has the rest of its group written once more.
    static let readAheadMessages = 256

    /// Bytes that a host which sends leaves free on its disk, and in its map, so that there is room to apply
    /// what the others send meanwhile: 1 GiB, which takes them minutes.
    static let sparedBytes = 1 << 30

    /// The same of a small disk or map: a sixteenth of all of it.
    static let sparedShare = 16

    /// Bytes of messages that were read and are not applied yet: 64 MiB.
    static let readAheadBytes = 64 << 20

    /// Milliseconds for which an engine must say the same that contradicts what was applied, before it is
    /// believed: 10 s. One that has just begun to lead tells less than it has.
    static let doubtMilliseconds: Int64 = 10_000

    /// Milliseconds for which a log that ends too early may grow before it is believed to end there: 60 s.
    static let growthMilliseconds: Int64 = 60_000

    /// Milliseconds that a replica may be behind its log and be ready: 5 s.
    static let readyLag: Int64 = 5_000

    /// Milliseconds between two beats of a host: 1 s.
    static let hostBeat: Int64 = 1_000

    /// Milliseconds that a host which starts waits for those who have written within a day to be heard of, before it
    /// writes: 2.5 s, two beats of each.
    static let introduction: Int64 = 2_500

    /// Bytes of each text in a beat: 1 024, so that a beat fits into one packet of most networks or two.
    static let beatText = 1_024

    /// Hosts that are gone for good and are kept in mind over a start: 256, and the bytes of each in a file, a
    /// name of the longest and a time.
    static let forgottenHosts = 256
    static let forgottenHostBytes = hostNameBytes + 24

    /// Milliseconds without a beat after which a host is missing: 10 s, some beats lost and a server of the
    /// engine that takes another's place.
    public static let hostSilence: Int64 = 10_000

    /// Milliseconds that a host may be behind its log before it counts as one with trouble: 30 s.
    public static let hostLag: Int64 = 30_000

    /// Milliseconds between two notes that another host has this one's name: a minute.
    static let namesakePause: Int64 = 60_000

    /// Entries that are digested between two questions whether the digest is still wanted.
    static let digestedEntries = 4_096

    /// Sequence numbers whose chains are remembered, to compare with those of others.
    static let rememberedChains = 65_536
}
