/// One word that refers to state which lives elsewhere, at a fixed place: of a stream, of a
/// connection, of a loop.
///
/// `stream.status` is the field of `StreamState`, read and written where it lies: no copy, no
/// reference count, no exclusivity check. Within a handle's own methods it is `self.status`.
///
/// A handle owns nothing. Whoever called `allocate` calls `deallocate`, and sees to it that no copy of
/// the handle is used afterwards.
@dynamicMemberLookup
protocol Handle: Equatable {
    associatedtype State
    var pointer: UnsafeMutablePointer<State> { get }
    init(pointer: UnsafeMutablePointer<State>)
}

extension Handle {
    /// A stored field. (Computed properties belong to the handle: they have no address.)
    @inline(__always)
    subscript<Value>(dynamicMember field: WritableKeyPath<State, Value>) -> Value {
        @inline(__always)
        unsafeAddress {
            // SAFETY: the state outlives its handles; a stored field has an address.
            UnsafePointer(pointer.pointer(to: field)!)
        }
        @inline(__always)
        nonmutating unsafeMutableAddress {
            // SAFETY: as above; one thread at a time uses a handle.
            pointer.pointer(to: field)!
        }
    }

    /// A field that is only read.
    @inline(__always)
    subscript<Value>(dynamicMember field: KeyPath<State, Value>) -> Value {
        @inline(__always)
        unsafeAddress {
            // SAFETY: as above.
            UnsafePointer(pointer.pointer(to: field)!)
        }
    }

    /// The handle that C code was given as `address`.
    @inline(__always)
    init(address: UnsafeMutableRawPointer) {
        // SAFETY: the caller passes what `address` of a handle of this type has given.
        self.init(pointer: address.assumingMemoryBound(to: State.self))
    }

    /// What C code carries for a handle: epoll's `data.ptr`, and of clients nghttp2's `user_data`.
    @inline(__always)
    var address: UnsafeMutableRawPointer { UnsafeMutableRawPointer(pointer) }

    /// Gives state a place in memory of its own.
    static func allocate(_ state: State) -> Self {
        // SAFETY: freed by `deallocate`.
        let pointer = UnsafeMutablePointer<State>.allocate(capacity: 1)
        pointer.initialize(to: state)
        return Self(pointer: pointer)
    }

    /// Frees what `allocate` has given.
    func deallocate() {
        pointer.deinitialize(count: 1)
        pointer.deallocate()
    }
}
