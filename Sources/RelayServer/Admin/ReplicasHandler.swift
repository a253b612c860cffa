import CivilTime
import HTTP2
import JSON
import Logs
import RelayContract
import RelayRecords
import RelayStore

/// `/admin/replicas`: the hosts that share the store's log, and what is said to all of them through it.
struct ReplicasHandler {
    let writer: Writer
    let log: Log

    /// GET: all hosts, as this one sees them.
    static let path = "/admin/replicas"
    /// POST: has every host make a digest of its store behind the same message.
    static let markPath = "/admin/replicas/mark"
    /// POST: raises the level to the highest that every host reads.
    static let levelPath = "/admin/replicas/level"

    /// DELETE, with a host's name behind it: lists a host no more that is gone for good.
    static let hostPath = "/admin/replicas/"

    /// `log`, `level`, and `hosts`, each with `host`, `condition` and what it told last: see `HostBeat`.
    func list(_ exchange: Exchange) {
        do throws(Problem) {
            let (replication, hosts) = try hosts()
            exchange.answer(
                200,
                json: .object { json in
                    json.member("log", replication.place)
                    if let own = replication.own {
                        json.member("identity", "\(own.identity)")
                        json.member("level", UInt64(own.level))
                    }
                    json.name("hosts")
                    json.beginArray()
                    for host in hosts {
                        json.beginObject()
                        host.writeMembers(to: &json)
                        json.endObject()
                    }
                    json.endArray()
                })
        } catch {
            exchange.reject(error)
        }
    }

    /// `sequence`: number of the message with the mark.
    func mark(_ exchange: Exchange) {
        guard writer.replication != nil else { return exchange.reject(Self.notShared) }
        writer.carryOut(MarkLog(), in: (), for: exchange) { before, exchange in
            exchange.answer(200, json: .object { $0.member("sequence", before + 1) })
        }
    }

    /// `level` behind it, and whether it was `raised`.
    func raise(_ exchange: Exchange) {
        do throws(Problem) {
            let (replication, hosts) = try hosts()
            guard let own = replication.own else { throw Self.notShared }
            let missing = hosts.filter { $0.condition == .missing }.map(\.host.text)
            guard missing.isEmpty else {
                throw Problem(
                    .conflict,
                    "not heard of \(missing.joined(separator: ", ")), which wrote within a day: start them "
                        + "with the newer relayd, wait until a day is over, or have those that are gone "
                        + "for good forgotten (relayctl replicas --forget); nothing was changed")
            }
            let highest = hosts.compactMap(\.beat).map(\.highestLevel).min() ?? 0
            guard UInt32(highest) > own.level else {
                return Self.answer(exchange, level: own.level, isRaised: false)
            }
            writer.carryOut(
                RaiseLevel(to: highest), in: (), for: exchange,
                noting: { [log] level in
                    log.write(
                        .info, "level_raised", "the level of the shared log is \(level) now")
                }
            ) { level, exchange in
                Self.answer(exchange, level: level, isRaised: true)
            }
        } catch {
            exchange.reject(error)
        }
    }

    /// Nothing, when it is done.
    func forget(_ path: String, _ exchange: Exchange) {
        guard let replication = writer.replication else { return exchange.reject(Self.notShared) }
        guard let host = HostName(String(path.dropFirst(Self.hostPath.utf8.count))) else {
            return exchange.reject(Problem(.notFound, "expected a host's name behind the path"))
        }
        do throws(StoreError) {
            guard let refusal = try replication.forget(host) else { return exchange.respond(204) }
            switch refusal {
            case .unknown: exchange.reject(Problem(.notFound, "\(refusal)"))
            case .asked, .heardOf, .listening: exchange.reject(Problem(.conflict, "\(refusal)"))
            }
        } catch {
            exchange.reject(Problem(error))
        }
    }

    private static func answer(_ exchange: Exchange, level: UInt32, isRaised: Bool) {
        exchange.answer(
            200,
            json: .object { json in
                json.member("level", UInt64(level))
                json.member("raised", isRaised)
            })
    }

    private static let notShared = Problem(
        .conflict, "this store shares no log with other hosts: relayd was started without --log")

    private func hosts() throws(Problem) -> (LogClient, [HostStatus]) {
        guard let replication = writer.replication else { throw Self.notShared }
        do throws(StoreError) {
            return (replication, try replication.hosts())
        } catch {
            throw Problem(error)
        }
    }
}

extension HostStatus {
    /// One host of `/admin/replicas`.
    fileprivate func writeMembers(to json: inout JSONWriter) {
        json.member("host", host.text)
        json.member("condition", condition.rawValue)
        if isAsked { json.member("asked", true) }
        guard let beat else { return }
        json.member("version", beat.version)
        json.member("sequence", beat.sequence)
        json.member("lag", beat.last > beat.sequence ? beat.last - beat.sequence : 0)
        // Until it has reached the log for the first time, nobody knows.
        if beat.behind < .max { json.member("behindMilliseconds", Int(beat.behind)) }
        if let silence { json.member("silenceMilliseconds", Int(silence)) }
        json.member("chain", String(beat.chain, radix: 16))
        json.member("documents", String(beat.documents, radix: 16))
        json.member("level", UInt64(beat.level))
        json.member("readsLevel", UInt64(beat.highestLevel))
        if beat.snapshotAt > 0 {
            json.member("snapshotAt", Timestamp(milliseconds: beat.snapshotAt))
        }
        if let marked = beat.marked {
            json.member("markedSequence", marked.sequence)
            json.member("markedDigest", String(marked.digest, radix: 16))
        }
        if !beat.stopped.isEmpty { json.member("stopped", beat.stopped) }
        if !beat.readsRefused.isEmpty { json.member("readsRefused", beat.readsRefused) }
        if !beat.writesRefused.isEmpty { json.member("writesRefused", beat.writesRefused) }
    }
}
