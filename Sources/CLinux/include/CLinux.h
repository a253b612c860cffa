// What Glibc's Swift module lacks: epoll, eventfd, flock, accept4, peer credentials, and warming a
// map.
//
// Without _GNU_SOURCE here: with it the system's structs differ from those that Glibc's module
// was built with, and the importer refuses both.
#ifndef CLINUX_H
#define CLINUX_H

#include <sys/epoll.h>
#include <sys/eventfd.h>
#include <sys/file.h>
#include <sys/signalfd.h>
#include <sys/uio.h>

/// Who is at the other end of a Unix socket, as struct ucred tells.
struct relay_peer {
    int pid;
    unsigned int uid;
    unsigned int gid;
};

/// accept4 with SOCK_NONBLOCK and SOCK_CLOEXEC, without the peer's address.
int relay_accept(int socket);

/// SO_PEERCRED; 0, or -1 with errno set.
int relay_peer_of(int socket, struct relay_peer *peer);

/// The groups of who is at the other end of a Unix socket, supplementary ones (SO_PEERGROUPS). `count`
/// is how many there is room for, and afterwards how many there are: more than that with ERANGE. 0,
/// or -1 with errno set.
int relay_peer_groups(int socket, unsigned int *groups, unsigned int *count);

/// Has a listening TCP socket drop every further SYN, while handshakes that have begun are completed
/// and connections are accepted as before; 0, or -1 with errno set.
int relay_drop_newcomers(int socket);

/// A pipe that no program inherits (pipe2 with O_CLOEXEC): where to read and where to write. 0, or
/// -1 with errno set.
int relay_pipe(int ends[2]);

/// A pipe to lend memory through (`relay_lend`): as `relay_pipe`, and neither end ever waits. Asks for
/// room for so many pages; what the kernel gives instead if that is more than it allows will do. 0, or
/// -1 with errno set.
int relay_lending_pipe(int ends[2], int pages);

/// Puts references to memory into a pipe instead of a copy (vmsplice): who reads it later reads what is
/// there then. As many bytes as there was room for, or -1 with errno set.
long relay_lend(int pipe, const struct iovec *pieces, unsigned long count);

/// Moves up to so many bytes out of a pipe into a socket, references as such (splice). Raises SIGPIPE
/// if the peer has gone, whatever the socket was told. Bytes that went over, or -1 with errno set.
long relay_pass(int pipe, int socket, unsigned long bytes);

/// Waits for epoll events until so many nanoseconds have passed; negative: without limit. Falls back
/// to milliseconds on a kernel before 5.11. Events, or -1 with errno set.
int relay_wait(int epoll, struct epoll_event *events, int count, long nanoseconds);

/// Has the heap give back blocks of `mapped` bytes and more when they are freed, and what is free at
/// the end of one of its arenas beyond `free` bytes (mallopt). By default both limits follow the
/// largest block that was ever freed, up to 32 and 64 MiB.
void relay_bound_heap(int mapped, int free);

/// Gives the free pages within the heap back to the system (malloc_trim). What is free at the end of
/// an arena stays, unless it is the first thread's: see relay_bound_heap.
void relay_trim_heap(void);

/// Has the kernel wake the calling thread when its timers are due, and not up to 50 µs later
/// (PR_SET_TIMERSLACK).
void relay_precise_timers(void);

/// A place for a pointer that each thread has for itself; nil at first.
void **relay_thread_slot(void);

/// The calling thread's id, as /proc names it (gettid).
int relay_thread(void);

/// Cores that the calling thread may run on (sched_getaffinity).
int relay_cores(void);

/// Has writes to a file go past the page cache, or not (O_DIRECT); 0, or -1 with errno set.
int relay_set_direct(int file, int isDirect);

/// Whether writes to a file go past the page cache.
int relay_is_direct(int file);

/// Gives a part of a file its blocks on the disk, without changing its size (fallocate with
/// FALLOC_FL_KEEP_SIZE). 0, or -1 with errno set.
int relay_reserve(int file, long offset, long bytes);

/// Takes them back, and with them what stood there (FALLOC_FL_PUNCH_HOLE); a hint.
void relay_release(int file, long offset, long bytes);

/// Has the kernel begin to write out what it holds of a file (sync_file_range); a hint.
void relay_begin_writing_out(int file);

/// Writes out what the kernel holds of a part of a file, and waits for that (sync_file_range). It is not
/// durable by that: the disk may hold it in a cache of its own, and the file's metadata is not written. 0,
/// or -1 with errno set: of a write that failed, this may be the only word.
int relay_write_out(int file, long offset, long bytes);

/// Leaves cores to every other thread that wants them (SCHED_IDLE), as far as the calling thread is
/// concerned; 0, or -1 with errno set.
int relay_run_idle(void);

/// A file told apart from every other one.
struct relay_identity {
    unsigned long device;
    unsigned long inode;
};

/// Which file a name leads to, through a symbolic link at its end or not; without a name, which one is
/// open as `place` (statx). 0, or -1 with errno set.
///
/// Asks for the inode's number alone. Who asks for a file's times, as stat does, has the kernel (6.13 on)
/// give the next write to it a time of its own, which leaves the inode to be written each time; and on a
/// file system without a journal fdatasync of any file beside it writes that too: twice as slow, measured.
int relay_identify(int place, const char *name, int follows, struct relay_identity *identity);

/// Locks bytes of a file for this open file description, alone or shared (F_OFD_SETLK), without waiting;
/// 0, or -1 with errno set.
int relay_lock_part(int file, long first, long bytes, int isAlone);

/// Gives back all that `relay_lock_part` has locked; 0, or -1 with errno set.
int relay_unlock(int file);

/// Whether another open file description, or a process, has any of these bytes locked (F_OFD_GETLK); no
/// bytes: all from the first on. 1 or 0, or -1 with errno set.
int relay_is_locked(int file, long first, long bytes);

/// Starts to fetch one cache line. Never faults, whatever the address.
static inline void relay_prefetch(unsigned long address) {
    __builtin_prefetch((const void *)address);
}

/// Starts to read a part of a file into the page cache (readahead); a hint, whatever comes of it.
void relay_read_ahead(int file, long offset, unsigned long bytes);

/// Reads pages of a map in and enters them into the page table, without changing what they hold
/// (MADV_POPULATE_READ; on a kernel before 5.14 by touching each). 0, or -1 with errno set.
int relay_populate(const void *start, unsigned long bytes);

/// Starts to fetch a document: its block's directory at the beginning of the page, and the first
/// lines of its bytes. Never faults, whatever the address.
static inline void relay_prefetch_document(unsigned long address) {
    const char *page = (const char *)(address & ~4095ul);
    const char *bytes = (const char *)address;
    __builtin_prefetch(page);
    __builtin_prefetch(page + 64);
    for (int line = 0; line < 8; line++) __builtin_prefetch(bytes + 64 * line);
}

#endif
