/* A disk whose fdatasync takes longer: preloaded into the venue, it sleeps PERPGATE_BENCH_SYNC_DELAY_US before each real one. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <time.h>

int fdatasync(int fd);

int fdatasync(int fd) {
    static int (*real)(int) = NULL;
    const char *text = getenv("PERPGATE_BENCH_SYNC_DELAY_US");
    long delay_us = text ? strtol(text, NULL, 10) : 0;
    struct timespec delay = {delay_us / 1000000, (delay_us % 1000000) * 1000};
    if (!real) *(void **)&real = dlsym(RTLD_NEXT, "fdatasync");
    if (delay_us > 0) nanosleep(&delay, NULL);
    return real(fd);
}
