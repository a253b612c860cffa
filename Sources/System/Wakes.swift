import CLinux
import Glibc

/// Wakes of threads that sleep on an eventfd, which one thread puts off until it has done more.
///
/// A thread that is woken for the first of many results would come back for each of the others.
public final class Wakes: @unchecked Sendable {
    // SAFETY: belongs to the thread that is in `together`.
    private var putOff: [(event: Int32, owner: AnyObject)] = []

    /// Puts nothing off yet.
    public init() {}

    /// Has those that `body` wakes on this thread woken at its end, once each.
    public func together(_ body: () -> Void) {
        // SAFETY: the calling thread's own, and there until it ends.
        let slot = relay_thread_slot()!
        let outer = slot.pointee
        // SAFETY: this object lives through the call, and the slot has it no longer than that.
        slot.pointee = Unmanaged.passUnretained(self).toOpaque()
        body()
        slot.pointee = outer
        for (event, _) in putOff { eventfd_write(event, 1) }
        putOff.removeAll(keepingCapacity: true)
    }

    /// Wakes who sleeps on `event`: at once, or at the end of the `together` that this thread is in.
    ///
    /// - Parameter owner: keeps the eventfd open.
    public static func wake(_ event: Int32, of owner: AnyObject) {
        // SAFETY: as above.
        guard let present = relay_thread_slot()!.pointee else {
            eventfd_write(event, 1)
            return
        }
        // SAFETY: `together` has put it there, and is not over.
        let wakes = Unmanaged<Wakes>.fromOpaque(present).takeUnretainedValue()
        if wakes.putOff.contains(where: { $0.event == event }) { return }
        wakes.putOff.append((event, owner))
    }
}
