// What an engine of a shared log does alone: publishes messages out of a file, one after the other and again from
// the first, to a stream, with a number of them under way, and prints how many were acknowledged in a second.
//
//   gcc -O2 tools/bench.d/publish.c -o publish -lnats && ./publish URL SUBJECT FILE UNDER-WAY SECONDS
//
// In the file a length (4 bytes, little-endian) stands before each message.
#include <nats/nats.h>
#include <semaphore.h>
#include <stdatomic.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

static sem_t places;
static atomic_long acknowledged, refused;

static void check(natsStatus status, const char *what) {
    if (status == NATS_OK) return;
    fprintf(stderr, "publish: %s: %s\n", what, natsStatus_GetText(status));
    exit(1);
}

static void answer(natsConnection *connection, natsSubscription *subscription, natsMsg *message, void *context) {
    int is_kept = natsMsg_GetDataLength(message) > 0 && !strstr(natsMsg_GetData(message), "\"error\"");
    atomic_fetch_add(is_kept ? &acknowledged : &refused, 1);
    natsMsg_Destroy(message);
    sem_post(&places);
}

static double now(void) {
    struct timespec time;
    clock_gettime(CLOCK_MONOTONIC, &time);
    return time.tv_sec + time.tv_nsec / 1e9;
}

static char *contents(const char *path, size_t *count) {
    FILE *file = fopen(path, "rb");
    if (!file || fseek(file, 0, SEEK_END)) { perror(path); exit(1); }
    *count = ftell(file);
    rewind(file);
    char *bytes = malloc(*count);
    if (!bytes || fread(bytes, 1, *count, file) != *count) { perror(path); exit(1); }
    fclose(file);
    return bytes;
}

int main(int count, char **words) {
    if (count != 6) { fprintf(stderr, "publish URL SUBJECT FILE UNDER-WAY SECONDS\n"); return 2; }
    size_t size, place = 0;
    char *bytes = contents(words[3], &size), *inbox, id[32];
    int most = atoi(words[4]);
    natsOptions *options;
    natsConnection *connection;
    natsSubscription *subscription;
    check(natsOptions_Create(&options), "options");
    check(natsOptions_SetURL(options, words[1]), "the address");
    check(natsConnection_Connect(&connection, options), "connecting");
    check(natsInbox_Create(&inbox), "an inbox");
    check(natsConnection_Subscribe(&subscription, connection, inbox, answer, NULL), "subscribing");
    sem_init(&places, 0, most);
    double start = now(), end = start + atof(words[5]);
    long number = 0;
    while (now() < end) {
        sem_wait(&places);
        uint32_t length;
        memcpy(&length, bytes + place, 4);
        natsMsg *message;
        check(natsMsg_Create(&message, words[2], inbox, bytes + place + 4, length), "a message");
        snprintf(id, sizeof id, "%ld-%d", number++, (int)(start * 1e3) & 0xFFFFFF);
        check(natsMsgHeader_Set(message, "Nats-Msg-Id", id), "a header");
        check(natsConnection_PublishMsg(connection, message), "publishing");
        natsMsg_Destroy(message);
        place += 4 + length;
        if (place >= size) place = 0;
    }
    for (int left = 0; left < most; left++) sem_wait(&places);
    if (refused) { fprintf(stderr, "publish: %ld messages were refused\n", (long)refused); return 1; }
    printf("%.1f\n", acknowledged / (now() - start));
    return 0;
}
