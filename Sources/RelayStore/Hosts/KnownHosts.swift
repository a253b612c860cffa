import Synchronization
import System

/// The hosts that share a log, as one of them hears of them.
final class KnownHosts: Sendable {
    fileprivate struct State {
        var heard: [HostName: KnownHost] = [:]
        /// What of others cannot be compared yet, because this host has not applied as much.
        var ahead: [HostName: LogMessage.Base] = [:]
        /// Hosts that are gone for good, and whether they were heard of since.
        var forgotten: [HostName: (gone: ForgottenHost, isBack: Bool)] = [:]
        /// Those of them that nobody has been told of yet.
        var newlyForgotten: [HostName] = []
        /// When another host of this one's name was heard of, in milliseconds on the monotonic clock.
        var namesakeAt: Int64?
    }

    private let state = Mutex(State())
    private let host: HostName
    private let session: SessionID

    /// - Parameters:
    ///   - session: of this host's run.
    ///   - forgotten: hosts that were gone for good before it.
    init(_ host: HostName, _ session: SessionID, forgotten: [ForgottenHost] = []) {
        (self.host, self.session) = (host, session)
        state.withLock { state in
            for gone in forgotten { state.forgotten[gone.host] = (gone, isBack: false) }
        }
    }

    /// Takes what was announced. On any thread.
    ///
    /// - Returns: whether another host has this one's name, which nobody has been told for a minute.
    func hear(_ bytes: [UInt8]) -> Bool {
        guard let beat = HostBeat(bytes) else { return false }
        let now = SystemClock.monotonic.milliseconds
        return state.withLock { state in
            if beat.host == host {
                guard beat.session != session else { return false }
                defer { state.namesakeAt = now }
                return state.namesakeAt.map { now - $0 > Limits.namesakePause } ?? true
            }
            state.heard[beat.host] = KnownHost(beat: beat, heardAt: now)
            state.ahead[beat.host] = beat.base
            state.forgotten[beat.host]?.isBack = true
            for gone in beat.forgotten where gone.host != host { state.forget(gone, now) }
            return false
        }
    }

    /// What is to be compared with this host's own chain.
    ///
    /// - Parameter identity: the log's that this host has applied.
    func takeComparable(
        upTo sequence: UInt64, of identity: LogIdentity
    ) -> [(host: HostName, base: LogMessage.Base)] {
        state.withLock { state in
            let ready = state.ahead.filter { name, base in
                base.sequence <= sequence && state.heard[name]?.beat.identity == identity
            }
            for name in ready.keys { state.ahead[name] = nil }
            return ready.map { ($0.key, $0.value) }
        }
    }

    /// The host that was heard to have applied most of a log.
    func furthest(in identity: LogIdentity) -> (host: HostName, sequence: UInt64)? {
        state.withLock { state in
            state.heard.values.map(\.beat).filter { $0.identity == identity }
                .max { $0.sequence < $1.sequence }.map { ($0.host, $0.sequence) }
        }
    }

    /// Whether all of these were heard of since the start, if they are others.
    func haveSpoken(_ names: [HostName]) -> Bool {
        state.withLock { state in
            names.allSatisfy {
                $0 == host || state.heard[$0] != nil || state.isForgotten($0)
            }
        }
    }

    /// All that were heard of and are not gone for good, by name.
    var all: [KnownHost] {
        state.withLock { state in
            state.heard.values.filter { !state.isForgotten($0.beat.host) }
                .sorted { $0.beat.host.text < $1.beat.host.text }
        }
    }

    // MARK: Hosts that are gone for good

    /// Lists a host no more that is silent.
    func forget(_ gone: ForgottenHost) {
        state.withLock { $0.forget(gone, SystemClock.monotonic.milliseconds) }
    }

    /// Whether a host is gone for good, and has not written since.
    func isForgotten(_ host: HostName, wroteAt time: Int64) -> Bool {
        state.withLock { $0.isForgotten(host) && time <= $0.forgotten[host]?.gone.time ?? .min }
    }

    /// What others are to be told of: all since a time of the log.
    func forgotten(since time: Int64) -> [ForgottenHost] {
        state.withLock { state in
            state.forgotten.values.filter { !$0.isBack && $0.gone.time > time }.map(\.gone)
                .sorted { ($0.time, $1.host.text) > ($1.time, $0.host.text) }
        }
    }

    /// Those that were forgotten since the last time that this was asked.
    func takeForgotten() -> [HostName] {
        state.withLock { state in
            defer { state.newlyForgotten = [] }
            return state.newlyForgotten
        }
    }
}

extension KnownHosts.State {
    fileprivate func isForgotten(_ host: HostName) -> Bool { forgotten[host]?.isBack == false }

    fileprivate mutating func forget(_ gone: ForgottenHost, _ now: Int64) {
        if let known = forgotten[gone.host], known.gone.time >= gone.time { return }
        let isHere = heard[gone.host].map { now - $0.heardAt <= Limits.hostSilence } ?? false
        forgotten[gone.host] = (gone, isBack: isHere)
        if !isHere { newlyForgotten.append(gone.host) }
    }
}

/// A host that was heard of.
public struct KnownHost: Sendable {
    /// What it told last.
    public let beat: HostBeat
    /// When, in milliseconds on the monotonic clock.
    let heardAt: Int64

    /// Milliseconds since.
    public var silence: Int64 { SystemClock.monotonic.milliseconds - heardAt }
}
