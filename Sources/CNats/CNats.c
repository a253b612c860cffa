#include "CNats.h"

#include "Library.h"

#include <dlfcn.h>
#include <elf.h>
#include <link.h>
#include <nats/nats.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/auxv.h>

// The functions that are used. None takes or gives a structure whose members could change.
#define FUNCTIONS(F)                         \
    F(nats_GetVersionNumber)                 \
    F(natsStatus_GetText)                    \
    F(natsOptions_Create)                    \
    F(natsOptions_Destroy)                   \
    F(natsOptions_SetServers)                \
    F(natsOptions_SetName)                   \
    F(natsOptions_SetSecure)                 \
    F(natsOptions_SetExpectedHostname)       \
    F(natsOptions_SetUserCredentialsFromFiles) \
    F(natsOptions_SetTimeout)                \
    F(natsOptions_SetMaxReconnect)           \
    F(natsOptions_SetReconnectWait)          \
    F(natsOptions_SetReconnectJitter)        \
    F(natsOptions_SetReconnectBufSize)       \
    F(natsOptions_SetRetryOnFailedConnect)   \
    F(natsOptions_SetIgnoreDiscoveredServers) \
    F(natsOptions_SetWriteDeadline)          \
    F(natsOptions_SetPingInterval)           \
    F(natsOptions_SetMaxPingsOut)            \
    F(natsOptions_SetSendAsap)               \
    F(natsOptions_SetErrorHandler)           \
    F(natsOptions_SetDisconnectedCB)         \
    F(natsOptions_SetReconnectedCB)          \
    F(natsOptions_SetClosedCB)               \
    F(natsConnection_Connect)                \
    F(natsConnection_Close)                  \
    F(natsConnection_Destroy)                \
    F(natsConnection_GetLastError)           \
    F(natsConnection_GetMaxPayload)          \
    F(natsConnection_PublishMsg)             \
    F(natsConnection_Subscribe)              \
    F(natsConnection_SubscribeSync)          \
    F(natsSubscription_SetPendingLimits)     \
    F(natsSubscription_SetOnCompleteCB)      \
    F(natsSubscription_NextMsg)              \
    F(natsSubscription_Unsubscribe)          \
    F(natsSubscription_Destroy)              \
    F(natsMsg_Create)                        \
    F(natsMsg_Destroy)                       \
    F(natsMsg_GetSubject)                    \
    F(natsMsg_GetReply)                      \
    F(natsMsg_GetData)                       \
    F(natsMsg_GetDataLength)                 \
    F(natsMsgHeader_Set)                     \
    F(natsMsgHeader_Get)

// Their addresses: written once, below a lock, before anything here is used.
#define MEMBER(name) __typeof__(name) *name;
static struct {
    FUNCTIONS(MEMBER)
} nats;
#define NAME(name) #name,
static const char *const names[] = {FUNCTIONS(NAME)};

// The name changes with each minor version. The one of Debian 12 first, for which this was written.
static const char *const libraries[] = {
    "libnats.so.3.4",  "libnats.so.3.13", "libnats.so.3.12", "libnats.so.3.11", "libnats.so.3.10",
    "libnats.so.3.9",  "libnats.so.3.8",  "libnats.so.3.7",  "libnats.so.3.6",  "libnats.so.3.5",
};

static uint32_t version;

/// Whether a dynamic linker started this program: only then can it load more.
static bool has_linker(void) {
    const ElfW(Phdr) *header = (const ElfW(Phdr) *)getauxval(AT_PHDR);
    for (unsigned long left = getauxval(AT_PHNUM); header && left > 0; left--, header++) {
        if (header->p_type == PT_INTERP) return true;
    }
    return false;
}

static const char *load(void) {
    static char why[256];
    if (!has_linker()) {
        return "programs without libraries cannot load one, and a log needs libnats: use those of the "
               "Debian package";
    }
    void *library = NULL;
    for (size_t i = 0; !library && i < sizeof libraries / sizeof *libraries; i++) {
        library = relay_library_open(libraries[i]);
    }
    if (!library) return "there is no libnats: install libnats3.4";
    void **place = (void **)&nats;
    for (size_t i = 0; i < sizeof names / sizeof *names; i++) {
        place[i] = dlsym(library, names[i]);
        if (place[i]) continue;
        snprintf(why, sizeof why, "the libnats here has no %s: install libnats3.4", names[i]);
        dlclose(library);
        return why;
    }
    version = nats.nats_GetVersionNumber();
    return NULL;
}

const char *relay_nats_load(void) {
    static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
    static bool is_loaded;
    pthread_mutex_lock(&lock);
    const char *why = is_loaded ? NULL : load();
    is_loaded = !why;
    pthread_mutex_unlock(&lock);
    return why;
}

uint32_t relay_nats_library_version(void) { return version; }

enum { UNKNOWN, UP, DOWN };

/// A subscription that nobody asks any more. Before 3.6 the library reads on in it while a message arrives,
/// without holding it: so it is not destroyed before the connection has ended.
struct left_inbox {
    natsSubscription *subscription;
    struct left_inbox *next;
};

struct relay_nats {
    natsConnection *connection;
    natsSubscription *subscription;
    _Atomic(struct left_inbox *) left;
    relay_nats_settings settings;
    // UNKNOWN until the first word of a callback, or of the call that connects.
    atomic_int link;
    atomic_bool is_closed;
    atomic_ullong losses;
    // The owner, the connection's callbacks, the subscription's: whoever is last frees this.
    atomic_int users;
    // Of these the callbacks: whoever is last tells the context.
    atomic_int callers;
};

static void drop(relay_nats *self) {
    if (atomic_fetch_sub(&self->users, 1) == 1) free(self);
}

/// One of the two who call back is done.
static void end(relay_nats *self) {
    if (atomic_fetch_sub(&self->callers, 1) == 1) self->settings.on_end(self->settings.context);
    drop(self);
}

static void lost(natsConnection *connection, void *closure) {
    (void)connection;
    relay_nats *self = closure;
    atomic_store(&self->link, DOWN);
    atomic_fetch_add(&self->losses, 1);
    self->settings.on_change(self->settings.context);
}

static void made(natsConnection *connection, void *closure) {
    (void)connection;
    relay_nats *self = closure;
    atomic_store(&self->link, UP);
    self->settings.on_change(self->settings.context);
}

/// The last callback of a connection.
static void closed(natsConnection *connection, void *closure) {
    (void)connection;
    relay_nats *self = closure;
    atomic_store(&self->link, DOWN);
    atomic_store(&self->is_closed, true);
    atomic_fetch_add(&self->losses, 1);
    self->settings.on_change(self->settings.context);
    end(self);
}

static void arrived(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *closure) {
    (void)connection;
    (void)subscription;
    relay_nats *self = closure;
    self->settings.on_message(self->settings.context, (relay_nats_message *)message);
}

static void completed(void *closure) { end(closure); }

/// Without one, the library prints.
static void failed(natsConnection *connection, natsSubscription *subscription, natsStatus status, void *closure) {
    (void)connection;
    (void)subscription;
    (void)status;
    (void)closure;
}

static natsStatus set(natsOptions *options, relay_nats *self, const relay_nats_settings *settings) {
    natsStatus s = nats.natsOptions_SetServers(options, (const char **)settings->servers, settings->server_count);
    if (s == NATS_OK) s = nats.natsOptions_SetName(options, settings->name);
    if (s == NATS_OK && settings->tls) s = nats.natsOptions_SetSecure(options, true);
    // Where a server asks for TLS, the library turns to it unasked. Before 3.11 it reads and writes in two
    // threads then without a lock: such a server has to be refused, and no certificate is for this name.
    if (s == NATS_OK && !settings->tls && version < 0x030b00)
        s = nats.natsOptions_SetExpectedHostname(options, "tls-needs-libnats-3.11.invalid");
    if (s == NATS_OK && settings->credentials)
        s = nats.natsOptions_SetUserCredentialsFromFiles(options, settings->credentials, NULL);
    if (s == NATS_OK) s = nats.natsOptions_SetTimeout(options, settings->connect_timeout);
    if (s == NATS_OK) s = nats.natsOptions_SetMaxReconnect(options, -1);
    if (s == NATS_OK) s = nats.natsOptions_SetReconnectWait(options, settings->reconnect_wait);
    if (s == NATS_OK) s = nats.natsOptions_SetReconnectJitter(options, 0, 0);
    // With the default of 8 MB it would send later what its caller was told has failed.
    if (s == NATS_OK) s = nats.natsOptions_SetReconnectBufSize(options, 1);
    if (s == NATS_OK) s = nats.natsOptions_SetRetryOnFailedConnect(options, true, made, self);
    // Hosts speak to the servers that they were told, on their own machine most of all.
    if (s == NATS_OK) s = nats.natsOptions_SetIgnoreDiscoveredServers(options, true);
    if (s == NATS_OK) s = nats.natsOptions_SetWriteDeadline(options, settings->write_deadline);
    if (s == NATS_OK) s = nats.natsOptions_SetPingInterval(options, settings->ping_interval);
    if (s == NATS_OK) s = nats.natsOptions_SetMaxPingsOut(options, 2);
    // Else a thread of the library's collects for a millisecond before it sends.
    if (s == NATS_OK) s = nats.natsOptions_SetSendAsap(options, true);
    if (s == NATS_OK) s = nats.natsOptions_SetErrorHandler(options, failed, self);
    if (s == NATS_OK) s = nats.natsOptions_SetDisconnectedCB(options, lost, self);
    if (s == NATS_OK) s = nats.natsOptions_SetReconnectedCB(options, made, self);
    if (s == NATS_OK) s = nats.natsOptions_SetClosedCB(options, closed, self);
    return s;
}

relay_nats *relay_nats_connect(const relay_nats_settings *settings, char *why, size_t room) {
    relay_nats *self = calloc(1, sizeof *self);
    natsOptions *options = NULL;
    natsStatus s = self ? nats.natsOptions_Create(&options) : NATS_NO_MEMORY;
    if (s == NATS_OK) {
        self->settings = *settings;
        // The two who call back are there with the connection.
        atomic_store(&self->users, 3);
        atomic_store(&self->callers, 2);
        s = set(options, self, settings);
    }
    if (s == NATS_OK) {
        s = nats.natsConnection_Connect(&self->connection, options);
        // A callback that came before this knows better.
        int unknown = UNKNOWN;
        atomic_compare_exchange_strong(&self->link, &unknown, s == NATS_OK ? UP : DOWN);
        if (s == NATS_NOT_YET_CONNECTED) s = NATS_OK;
    }
    nats.natsOptions_Destroy(options);
    if (s != NATS_OK) {
        snprintf(why, room, "%s", nats.natsStatus_GetText(s));
        free(self);
        settings->on_end(settings->context);
        return NULL;
    }
    s = nats.natsConnection_Subscribe(&self->subscription, self->connection, settings->subject, arrived, self);
    if (s == NATS_OK) s = nats.natsSubscription_SetOnCompleteCB(self->subscription, completed, self);
    if (s == NATS_OK) return self;
    snprintf(why, room, "%s", nats.natsStatus_GetText(s));
    // No callback of a subscription will end.
    if (self->subscription) nats.natsSubscription_Destroy(self->subscription);
    self->subscription = NULL;
    end(self);
    // A server has refused the connection before this came to it: it ends as it would a moment later.
    if (s == NATS_CONNECTION_CLOSED) return self;
    relay_nats_destroy(self);
    return NULL;
}

bool relay_nats_is_connected(relay_nats *self) { return atomic_load(&self->link) == UP; }

uint64_t relay_nats_losses(relay_nats *self) { return atomic_load(&self->losses); }

bool relay_nats_is_closed(relay_nats *self) { return atomic_load(&self->is_closed); }

void relay_nats_last_error(relay_nats *self, char *text, size_t room) {
    const char *last = NULL;
    nats.natsConnection_GetLastError(self->connection, &last);
    snprintf(text, room, "%s", last ? last : "");
}

int64_t relay_nats_max_payload(relay_nats *self) {
    return nats.natsConnection_GetMaxPayload(self->connection);
}

static int translate(natsStatus s) {
    switch (s) {
    case NATS_OK: return RELAY_NATS_OK;
    case NATS_TIMEOUT: return RELAY_NATS_TIMEOUT;
    case NATS_NO_RESPONDERS: return RELAY_NATS_NO_RESPONDERS;
    case NATS_INSUFFICIENT_BUFFER:
    case NATS_MAX_PAYLOAD:
    case NATS_NO_SERVER_SUPPORT:
    case NATS_INVALID_ARG:
    case NATS_INVALID_SUBJECT:
    case NATS_NO_MEMORY: return RELAY_NATS_NOT_SENT;
    default: return RELAY_NATS_FAILED;
    }
}

int relay_nats_publish(
    relay_nats *self, const char *subject, const char *reply, const char *name1, const char *value1,
    const char *name2, const char *value2, const void *bytes, size_t count) {
    natsMsg *message = NULL;
    natsStatus s = nats.natsMsg_Create(&message, subject, reply, bytes, (int)count);
    if (s == NATS_OK && name1) s = nats.natsMsgHeader_Set(message, name1, value1);
    if (s == NATS_OK && name2) s = nats.natsMsgHeader_Set(message, name2, value2);
    if (s == NATS_OK) s = nats.natsConnection_PublishMsg(self->connection, message);
    nats.natsMsg_Destroy(message);
    return translate(s);
}

relay_nats_inbox *relay_nats_subscribe(relay_nats *self, const char *subject) {
    natsSubscription *subscription = NULL;
    natsStatus s = nats.natsConnection_SubscribeSync(&subscription, self->connection, subject);
    if (s == NATS_OK) s = nats.natsSubscription_SetPendingLimits(subscription, -1, -1);
    if (s == NATS_OK) return (relay_nats_inbox *)subscription;
    if (subscription) nats.natsSubscription_Destroy(subscription);
    return NULL;
}

int relay_nats_next(relay_nats_inbox *inbox, int64_t milliseconds, relay_nats_message **message) {
    return translate(
        nats.natsSubscription_NextMsg((natsMsg **)message, (natsSubscription *)inbox, milliseconds));
}

void relay_nats_unsubscribe(relay_nats *self, relay_nats_inbox *inbox) {
    natsSubscription *subscription = (natsSubscription *)inbox;
    // What came is not needed, and could not be taken out any more afterwards.
    natsMsg *message;
    while (nats.natsSubscription_NextMsg(&message, subscription, 0) == NATS_OK) nats.natsMsg_Destroy(message);
    nats.natsSubscription_Unsubscribe(subscription);
    struct left_inbox *left = malloc(sizeof *left);
    // Without memory it is never destroyed.
    if (!left) return;
    *left = (struct left_inbox){.subscription = subscription, .next = atomic_load(&self->left)};
    while (!atomic_compare_exchange_weak(&self->left, &left->next, left)) {
    }
}

const char *relay_nats_subject(relay_nats_message *message) {
    return nats.natsMsg_GetSubject((natsMsg *)message);
}

const char *relay_nats_reply(relay_nats_message *message) {
    return nats.natsMsg_GetReply((natsMsg *)message);
}

const char *relay_nats_bytes(relay_nats_message *message) {
    return nats.natsMsg_GetData((natsMsg *)message);
}

size_t relay_nats_count(relay_nats_message *message) {
    return (size_t)nats.natsMsg_GetDataLength((natsMsg *)message);
}

const char *relay_nats_header(relay_nats_message *message, const char *name) {
    const char *value = NULL;
    return nats.natsMsgHeader_Get((natsMsg *)message, name, &value) == NATS_OK ? value : NULL;
}

void relay_nats_free(relay_nats_message *message) { nats.natsMsg_Destroy((natsMsg *)message); }

void relay_nats_close(relay_nats *self) { nats.natsConnection_Close(self->connection); }

void relay_nats_destroy(relay_nats *self) {
    relay_nats_close(self);
    if (self->subscription) nats.natsSubscription_Destroy(self->subscription);
    for (struct left_inbox *left = atomic_load(&self->left); left;) {
        struct left_inbox *next = left->next;
        nats.natsSubscription_Destroy(left->subscription);
        free(left);
        left = next;
    }
    nats.natsConnection_Destroy(self->connection);
    drop(self);
}
