/* Drives a matcher through its function table, as a C program would, and measures it. tests/bench/matching.py calls it. */
#include "perpgate_matcher.h"

#include <stdlib.h>
#include <time.h>

typedef struct drive_result {
    uint64_t wall_ns; /* of the messages alone: the book is made and filled before */
    uint64_t cpu_ns;  /* of this thread in the same time; less than wall_ns when others had the core */
    uint64_t reports;
    uint64_t digest; /* of every byte of every report, when asked for; such a run is not for measuring */
} drive_result;

static uint64_t now_ns(clockid_t clock)
{
    struct timespec t;
    clock_gettime(clock, &t);
    return (uint64_t)t.tv_sec * 1000000000u + (uint64_t)t.tv_nsec;
}

static uint64_t digest_of(uint64_t digest, const pg_report *reports, size_t count)
{
    const uint64_t *words = (const uint64_t *)reports;
    for (size_t i = 0; i < count * (sizeof(pg_report) / sizeof(uint64_t)); i++)
        digest = (digest ^ words[i]) * 0x100000001B3u + (digest >> 47);
    return digest;
}

/* Reports are read as an engine would: where the matcher wrote them, one batch at a time. */
static void carry_out(const pg_matcher_api *api, void *book, const pg_op *ops, size_t count, size_t batch,
                      pg_report *reports, size_t capacity, int with_digest, drive_result *result)
{
    for (size_t done = 0; done < count;) {
        size_t made = 0, left = count - done;
        done += api->execute(book, ops + done, left < batch ? left : batch, reports, capacity, &made);
        result->reports += made;
        if (with_digest) result->digest = digest_of(result->digest, reports, made);
    }
}

/* A fresh book carries out `resting` ops unmeasured and then `count` ops, `batch` to a call. Returns 0, or -1 when there
 * is no memory. */
int drive(const pg_matcher_api *api, const pg_config *config, const pg_host *host, const pg_op *ops, size_t resting,
          size_t count, size_t batch, int with_digest, drive_result *result)
{
    size_t capacity = PG_REPORTS_MAX(config->fills_max) + batch;
    void *book = api->create(config, host);
    pg_report *reports = calloc(capacity, sizeof(pg_report));
    int failed = book == NULL || reports == NULL;
    if (!failed) {
        uint64_t wall_ns, cpu_ns;
        carry_out(api, book, ops, resting, batch, reports, capacity, 0, result);
        *result = (drive_result){0, 0, 0, 0};
        wall_ns = now_ns(CLOCK_MONOTONIC);
        cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID);
        carry_out(api, book, ops + resting, count, batch, reports, capacity, with_digest, result);
        result->cpu_ns = now_ns(CLOCK_THREAD_CPUTIME_ID) - cpu_ns;
        result->wall_ns = now_ns(CLOCK_MONOTONIC) - wall_ns;
    }
    if (book) api->destroy(book);
    free(reports);
    return failed ? -1 : 0;
}

/* For books without reduce-only orders: nobody asks. */
int64_t no_reduce_cap(void *context, uint32_t owner, uint8_t side, const pg_report *reports, size_t reports_count)
{
    (void)context, (void)owner, (void)side, (void)reports, (void)reports_count;
    abort();
}
