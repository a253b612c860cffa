import HTTP2
import RelayRecords
import RelayStore
import System

extension StoreUpkeep {
    /// Starts the upkeep of a store that a service writes to.
    ///
    /// - Parameter chore: called once a second.
    static func start(
        _ store: Store, _ health: StoreHealth, scrubRate: Int,
        also chore: @escaping @Sendable () -> Void
    ) throws(TransportError) -> StoreUpkeep {
        do throws(ThreadError) {
            return try StoreUpkeep(store, health: health, scrubRate: scrubRate, also: chore) {
                key in
                let resource = Resource(rawValue: key.resource).map { "\($0)" } ?? "record"
                return "\(resource) \(key.id) of account \(key.account)"
            }
        } catch {
            throw .noThread(error)
        }
    }
}
