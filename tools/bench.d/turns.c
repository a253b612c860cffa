// What it costs a server to take requests from many connections and to answer them: epoll_wait, recv
// and sendmsg, or all of them by io_uring (receives that stay armed, provided buffers, one call per
// turn). No HTTP: a request is 40 bytes, an answer 1 300 in two pieces.
//
//   gcc -O2 tools/bench.d/turns.c -o turns -luring && ./turns        apt-get install liburing-dev
//
// The server is on core 0, its clients on core 1. Printed are medians of rounds in turns.
#define _GNU_SOURCE
#include <liburing.h>
#include <sched.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define CHECK(x) do { if (!(x)) { perror(#x); exit(1); } } while (0)
enum { REQUEST = 40, HEADER = 30, BODY = 1270, REQUESTS = 20000, ROUNDS = 15, MOST = 256 };
enum { BUFFERS = 256, BUFFER_BYTES = 1024 };

static char body[BODY], header[HEADER];
static struct iovec pieces[2] = {{header, HEADER}, {body, BODY}};
static struct msghdr answer = {.msg_iov = pieces, .msg_iovlen = 2};

static void pin(int core) {
    cpu_set_t set;
    CPU_ZERO(&set);
    CPU_SET(core, &set);
    sched_setaffinity(0, sizeof set, &set);
}

static double cpu_microseconds(void) {
    struct timespec time;
    clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &time);
    return time.tv_sec * 1e6 + time.tv_nsec / 1e3;
}

// Asks on every connection, then reads every answer, and so on.
static void run_client(const int *sockets, int count) {
    char request[REQUEST] = "", got[HEADER + BODY];
    for (int done = 0; done < REQUESTS; done += count) {
        for (int i = 0; i < count; i++) CHECK(send(sockets[i], request, REQUEST, 0) == REQUEST);
        for (int i = 0; i < count; i++) {
            CHECK(recv(sockets[i], got, sizeof got, MSG_WAITALL) == sizeof got);
        }
    }
}

// Both return after `due` requests.
static void serve_by_epoll(const int *sockets, int count, int due) {
    int epoll = epoll_create1(0);
    for (int i = 0; i < count; i++) {
        struct epoll_event event = {EPOLLIN, {.fd = sockets[i]}};
        CHECK(epoll_ctl(epoll, EPOLL_CTL_ADD, sockets[i], &event) == 0);
    }
    char buffer[BUFFER_BYTES];
    while (due > 0) {
        struct epoll_event events[MOST];
        int ready = epoll_wait(epoll, events, MOST, -1);
        for (int i = 0; i < ready; i++, due--) {
            CHECK(recv(events[i].data.fd, buffer, sizeof buffer, MSG_DONTWAIT) == REQUEST);
            CHECK(sendmsg(events[i].data.fd, &answer, MSG_DONTWAIT) == HEADER + BODY);
        }
    }
    close(epoll);
}

static void arm(struct io_uring *ring, int socket) {
    struct io_uring_sqe *entry = io_uring_get_sqe(ring);
    io_uring_prep_recv(entry, socket, NULL, 0, 0);
    entry->ioprio |= IORING_RECV_MULTISHOT;
    entry->flags |= IOSQE_BUFFER_SELECT;
    io_uring_sqe_set_data64(entry, (uint64_t)socket);
}

static void serve_by_io_uring(const int *sockets, int count, int due) {
    struct io_uring ring;
    struct io_uring_params parameters = {
        .flags = IORING_SETUP_SINGLE_ISSUER | IORING_SETUP_DEFER_TASKRUN | IORING_SETUP_CQSIZE,
        .cq_entries = 8 * MOST};
    int made = io_uring_queue_init_params(2 * MOST, &ring, &parameters);
    if (made < 0) { fprintf(stderr, "io_uring is refused: errno %d\n", -made); exit(1); }
    static char memory[BUFFERS][BUFFER_BYTES];
    struct io_uring_buf_ring *buffers;
    CHECK(posix_memalign((void **)&buffers, 4096, BUFFERS * sizeof(struct io_uring_buf)) == 0);
    struct io_uring_buf_reg place = {.ring_addr = (uint64_t)buffers, .ring_entries = BUFFERS};
    CHECK(io_uring_register_buf_ring(&ring, &place, 0) == 0);
    io_uring_buf_ring_init(buffers);
    int mask = io_uring_buf_ring_mask(BUFFERS);
    for (int i = 0; i < BUFFERS; i++) {
        io_uring_buf_ring_add(buffers, memory[i], BUFFER_BYTES, i, mask, i);
    }
    io_uring_buf_ring_advance(buffers, BUFFERS);
    for (int i = 0; i < count; i++) arm(&ring, sockets[i]);
    while (due > 0) {
        // Sends what the last turn has prepared, too.
        CHECK(io_uring_submit_and_wait(&ring, 1) >= 0);
        struct io_uring_cqe *completion;
        unsigned head, seen = 0, returned = 0;
        io_uring_for_each_cqe(&ring, head, completion) {
            seen++;
            if (completion->user_data == 0) { CHECK(completion->res == HEADER + BODY); continue; }
            int socket = (int)completion->user_data;
            if (!(completion->flags & IORING_CQE_F_MORE)) arm(&ring, socket);
            if (completion->res == -ENOBUFS) continue;
            CHECK(completion->res == REQUEST);
            int buffer = completion->flags >> IORING_CQE_BUFFER_SHIFT;
            io_uring_buf_ring_add(buffers, memory[buffer], BUFFER_BYTES, buffer, mask, returned++);
            struct io_uring_sqe *entry = io_uring_get_sqe(&ring);
            io_uring_prep_sendmsg(entry, socket, &answer, 0);
            io_uring_sqe_set_data64(entry, 0);
            due--;
        }
        io_uring_cq_advance(&ring, seen);
        io_uring_buf_ring_advance(buffers, returned);
    }
    CHECK(io_uring_submit(&ring) >= 0);
    io_uring_queue_exit(&ring);
    free(buffers);
}

// CPU of the server per request, in microseconds.
static double measure(void (*serve)(const int *, int, int), int count) {
    int ours[MOST], theirs[MOST], pair[2];
    for (int i = 0; i < count; i++) {
        CHECK(socketpair(AF_UNIX, SOCK_STREAM, 0, pair) == 0);
        ours[i] = pair[0];
        theirs[i] = pair[1];
    }
    pid_t client = fork();
    if (client == 0) { pin(1); run_client(theirs, count); _exit(0); }
    int requests = (REQUESTS + count - 1) / count * count;
    double before = cpu_microseconds();
    serve(ours, count, requests);
    double spent = cpu_microseconds() - before;
    waitpid(client, NULL, 0);
    for (int i = 0; i < count; i++) { close(ours[i]); close(theirs[i]); }
    return spent / requests;
}

static int ascending(const void *a, const void *b) {
    return *(double *)a < *(double *)b ? -1 : *(double *)a > *(double *)b;
}

int main(void) {
    pin(0);
    static const int counts[] = {1, 8, 32, 200};
    printf("connections   epoll   io_uring   ratio (quartiles), server CPU per request in us\n");
    for (int i = 0; i < 4; i++) {
        double epoll[ROUNDS], ring[ROUNDS], ratio[ROUNDS];
        for (int round = 0; round < ROUNDS; round++) {
            epoll[round] = measure(serve_by_epoll, counts[i]);
            ring[round] = measure(serve_by_io_uring, counts[i]);
            ratio[round] = ring[round] / epoll[round];
        }
        qsort(epoll, ROUNDS, sizeof(double), ascending);
        qsort(ring, ROUNDS, sizeof(double), ascending);
        qsort(ratio, ROUNDS, sizeof(double), ascending);
        printf("%11d %7.2f %10.2f %7.2f (%.2f..%.2f)\n", counts[i], epoll[ROUNDS / 2],
               ring[ROUNDS / 2], ratio[ROUNDS / 2], ratio[ROUNDS / 4], ratio[ROUNDS * 3 / 4]);
    }
}
