import System

/// What the hot path of one loop works on: reached from a C callback without a reference count or an
/// exclusivity check. `EventLoop` owns it.
struct Loop: Handle {
    let pointer: UnsafeMutablePointer<LoopState>

    /// The loop itself, for cold paths.
    var owner: EventLoop { self.unmanagedOwner.takeUnretainedValue() }

    /// What all loops of the server share for request bodies.
    var bodies: BodyBudget { self.unmanagedBodies.takeUnretainedValue() }

    /// Calls the application: without a reference count, and without a copy of the state.
    @inline(__always)
    func call(_ body: (Application) -> Void) {
        // SAFETY: the owner keeps the application for as long as this state.
        self.unmanagedApplication._withUnsafeGuaranteedRef(body)
    }

    /// Has the application renew what goes stale, if it has not since something was last read: what
    /// it looks at is then no older than the request that it looks at it for.
    @inline(__always)
    func renew() {
        if self.hasRenewed { return }
        self.hasRenewed = true
        call { $0.beginTurn() }
    }

    /// Whether memory is to be given back: see `giveBackMemory`.
    var owesMemory: Bool { self.freedBytes >= Limits.trimAfterBytes }

    /// Gives memory back that is free, once much of it is: what connections that did not read and large
    /// bodies have taken. The loop and the heap keep it otherwise.
    func giveBackMemory() {
        if !owesMemory { return }
        self.freedBytes = 0
        self.pool.giveBack()
        Heap.trim()
    }

    /// Sends the batch: lent as far as that is worth it, the rest copied.
    ///
    /// - Returns: bytes sent, or -1 with `errno` set as by `sendmsg`.
    @inline(__always)
    func send(to socket: Int32) -> Int {
        if self.batch.lendable < Limits.lentBytes { return self.batch.send(to: socket) }
        return lend(to: socket)
    }

    private func lend(to socket: Int32) -> Int {
        let sent = self.lender.send(self.batch, to: socket)
        self.counters.lentBytes = self.lender.lentBytes
        self.counters.copyingLoops = self.lender.isRefused ? 1 : 0
        return sent
    }

    /// Counts a connection that is cut off, and tells why.
    func cutOff(_ cause: CutOff, _ text: String) {
        self.counters.cutOffs[cause.rawValue] &+= 1
        self.hasCutOff = true
        owner.journal.note(cause, text)
    }

    /// Returns the memory; nothing of the loop may be used afterwards.
    func deallocateAll() {
        self.receiveBuffer.deallocate()
        self.attached.deallocate()
        self.batch.deallocate()
        self.lender.deallocate()
        self.times.deallocate()
        self.pool.deallocate()
        self.fieldWorkspace.deallocate()
        deallocate()
    }
}
