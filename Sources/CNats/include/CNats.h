#ifndef RELAY_CNATS_H
#define RELAY_CNATS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/// NATS' client library, loaded while the program runs (dlopen): linked to it, every start would cost 2 ms
/// and half a megabyte, with a log or without. Only functions on opaque types are used, so that each 3.x does.

/// What the functions below return: libnats' own numbers, of which these are told apart.
enum {
    RELAY_NATS_OK = 0,
    /// Nothing came within the time.
    RELAY_NATS_TIMEOUT = 1,
    /// Nobody listens to the subject: JetStream has no leader there, or nothing of that name.
    RELAY_NATS_NO_RESPONDERS = 2,
    /// It cannot be sent, and not a byte of it was.
    RELAY_NATS_NOT_SENT = 3,
    /// Everything else; of what was being sent, a part may have been.
    RELAY_NATS_FAILED = 4,
};

/// A connection, and what its own threads say of it.
typedef struct relay_nats relay_nats;
/// A subscription that is asked for its messages.
typedef struct relay_nats_inbox relay_nats_inbox;
/// A message that came in.
typedef struct relay_nats_message relay_nats_message;

/// How to connect. All texts are copied.
typedef struct {
    /// `nats://HOST:PORT`, so many.
    const char *const *servers;
    int server_count;
    /// What the engine shows as the client's name.
    const char *name;
    /// A file of credentials, or NULL.
    const char *credentials;
    bool tls;
    /// Milliseconds: for one attempt to connect, between two, for a write that makes no progress, and
    /// between two signs of life that are asked for.
    int64_t connect_timeout, reconnect_wait, write_deadline, ping_interval;
    /// The subject whose messages go to `on_message`.
    const char *subject;
    /// A message of that subject, on a thread of the library's; whoever gets it frees it.
    void (*on_message)(void *context, relay_nats_message *message);
    /// The connection was made, lost or closed, on a thread of the library's.
    void (*on_change)(void *context);
    /// No function above is called any more.
    void (*on_end)(void *context);
    void *context;
} relay_nats_settings;

/// Loads the library, once.
///
/// - Returns: NULL, or why that cannot be, as a text that stays.
const char *relay_nats_load(void);

/// Its version, as 0x030401; 0 before it is loaded.
uint32_t relay_nats_library_version(void);

/// Begins to connect, and goes on for ever. What cannot be connected at once is connected later.
///
/// - Returns: the connection, or NULL with a text in `why`; `on_end` is called then as well.
relay_nats *relay_nats_connect(const relay_nats_settings *settings, char *why, size_t room);

/// Whether it is connected now. Never waits.
bool relay_nats_is_connected(relay_nats *connection);

/// How often it was lost. Never waits.
uint64_t relay_nats_losses(relay_nats *connection);

/// Whether it has been given up: the engine refused it. Never waits.
bool relay_nats_is_closed(relay_nats *connection);

/// Copies what it says of its last fault; empty when there was none.
void relay_nats_last_error(relay_nats *connection, char *text, size_t room);

/// Bytes of a message, headers included, that the server takes which it is connected to; 0 when that is not
/// known.
int64_t relay_nats_max_payload(relay_nats *connection);

/// Sends a message with up to two headers, whose names may be NULL.
int relay_nats_publish(
    relay_nats *connection, const char *subject, const char *reply, const char *name1,
    const char *value1, const char *name2, const char *value2, const void *bytes, size_t count);

/// Subscribes to a subject; NULL when that fails. The inbox keeps the connection.
relay_nats_inbox *relay_nats_subscribe(relay_nats *connection, const char *subject);

/// Takes the next message out, waiting for so many milliseconds at most.
int relay_nats_next(relay_nats_inbox *inbox, int64_t milliseconds, relay_nats_message **message);

/// Ends a subscription of a connection; its memory goes with that.
void relay_nats_unsubscribe(relay_nats *connection, relay_nats_inbox *inbox);

const char *relay_nats_subject(relay_nats_message *message);
/// NULL when there is none.
const char *relay_nats_reply(relay_nats_message *message);
const char *relay_nats_bytes(relay_nats_message *message);
size_t relay_nats_count(relay_nats_message *message);
/// NULL when there is none of that name.
const char *relay_nats_header(relay_nats_message *message, const char *name);
void relay_nats_free(relay_nats_message *message);

/// Ends a connection: whoever waits in it is woken, its threads end. May be called again.
void relay_nats_close(relay_nats *connection);

/// Closes a connection and gives its memory back, once `on_end` was called.
void relay_nats_destroy(relay_nats *connection);

#endif
