/* A FIX 4.4 participant that costs little: one session, one thread, orders in a closed loop.
 *
 * The caller has logged on and lends the socket and the next number for a run. `fix_load_run` keeps `window` orders without an answer, for so many
 * orders; each order is a post-only limit order far from the market, and in the place-cancel mix a cancel follows each.
 * ClOrdIDs carry the order's number in hexadecimal, so that a report finds its order without a table. What the venue
 * says otherwise (heartbeats) is passed over; a Reject or a refused order is counted. */
#define _GNU_SOURCE
#include <errno.h>
#include <poll.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>

#define SOH '\x01'
#define OUT_BYTES (1 << 20)
#define IN_BYTES (4 << 20)
#define MESSAGE_BYTES 512
#define SLOTS (1u << 20) /* of send times, by order number */
#define SAMPLES_MAX (1u << 22)
#define TIMEOUT_MS 20000

enum { PLACE = 0, PLACE_CANCEL = 1 };

typedef struct {
    int fd, mix;
    char sender[32], target[32], symbol[20];
    uint64_t next_out, next_order;
    uint64_t placed, cancelled, refused, reports; /* answers */
    uint64_t sent, cancels_sent;
    uint64_t received_bytes;
    char times[32]; /* now as text: SendingTime */
    int64_t time_second;
    uint8_t *out, *in;
    size_t out_head, out_tail, in_have;
    int64_t *sent_ns;
    uint32_t *latency_ns; /* of orders, in the order of their answers */
    size_t samples;
} fix_load_t;

static int64_t now_ns(clockid_t clock) {
    struct timespec t;
    clock_gettime(clock, &t);
    return (int64_t)t.tv_sec * 1000000000 + t.tv_nsec;
}

fix_load_t *fix_load_new(int fd, const char *sender, const char *target, const char *symbol, uint64_t first_order, int mix) {
    fix_load_t *self = calloc(1, sizeof *self);
    if (!self) return NULL;
    self->fd = fd;
    self->mix = mix;
    self->next_order = first_order;
    snprintf(self->sender, sizeof self->sender, "%s", sender);
    snprintf(self->target, sizeof self->target, "%s", target);
    snprintf(self->symbol, sizeof self->symbol, "%s", symbol);
    self->out = malloc(OUT_BYTES);
    self->in = malloc(IN_BYTES);
    self->sent_ns = calloc(SLOTS, sizeof *self->sent_ns);
    self->latency_ns = calloc(SAMPLES_MAX, sizeof *self->latency_ns);
    self->time_second = -1;
    if (!self->out || !self->in || !self->sent_ns || !self->latency_ns) abort();
    return self;
}

void fix_load_free(fix_load_t *self) {
    free(self->out);
    free(self->in);
    free(self->sent_ns);
    free(self->latency_ns);
    free(self);
}

uint64_t fix_load_next_out(const fix_load_t *self) { return self->next_out; }
uint64_t fix_load_next_order(const fix_load_t *self) { return self->next_order; }
uint64_t fix_load_refused(const fix_load_t *self) { return self->refused; }
uint64_t fix_load_reports(const fix_load_t *self) { return self->reports; }
uint64_t fix_load_received_bytes(const fix_load_t *self) { return self->received_bytes; }
size_t fix_load_samples(const fix_load_t *self) { return self->samples; }
const uint32_t *fix_load_latencies(const fix_load_t *self) { return self->latency_ns; }

/* ------------------------------------------------------------------------------------------------------- writing */

static uint8_t *put(uint8_t *p, const char *text) {
    size_t n = strlen(text);
    memcpy(p, text, n);
    return p + n;
}

static uint8_t *put_number(uint8_t *p, uint64_t value, int digits) {
    for (int i = digits - 1; i >= 0; i--, value /= 10) p[i] = (uint8_t)('0' + value % 10);
    return p + digits;
}

static uint8_t *put_hex(uint8_t *p, uint64_t value) {
    static const char digits[] = "0123456789abcdef";
    for (int i = 11; i >= 0; i--, value >>= 4) p[i] = (uint8_t)digits[value & 15];
    return p + 12;
}

static void tell_time(fix_load_t *self) {
    int64_t ns = now_ns(CLOCK_REALTIME);
    if (ns / 1000000000 != self->time_second) {
        struct tm tm;
        time_t second = (time_t)(ns / 1000000000);
        gmtime_r(&second, &tm);
        strftime(self->times, sizeof self->times, "%Y%m%d-%H:%M:%S.", &tm);
        self->time_second = ns / 1000000000;
    }
    put_number((uint8_t *)self->times + 18, (uint64_t)(ns / 1000 % 1000000), 6);
    self->times[24] = 0;
}

static void finish(fix_load_t *self, uint8_t *start, uint8_t *length, uint8_t *body, uint8_t *p) {
    uint32_t sum = 0;
    put_number(length, (uint64_t)(p - body), 3);
    for (const uint8_t *q = start; q < p; q++) sum += *q;
    p = put(p, "10=");
    p = put_number(p, sum & 255, 3);
    *p++ = SOH;
    self->out_tail = (size_t)(p - self->out);
}

static uint8_t *begin_message(fix_load_t *self, const char *type, uint8_t **length, uint8_t **body) {
    uint8_t *p = put(self->out + self->out_tail, "8=FIX.4.4\x01" "9=");
    *length = p;
    p += 3;
    *p++ = SOH;
    *body = p;
    p = put(p, type);
    p = put(p, "\x01" "34=");
    p = put_number(p, self->next_out++, 9);
    p = put(p, "\x01" "49=");
    p = put(p, self->sender);
    p = put(p, "\x01" "52=");
    p = put(p, self->times);
    p = put(p, "\x01" "56=");
    p = put(p, self->target);
    return put(p, "\x01" "11=");
}

static void write_order(fix_load_t *self, uint64_t order) {
    uint8_t *start = self->out + self->out_tail, *length, *body;
    uint8_t *p = begin_message(self, "35=D", &length, &body);
    *p++ = 'o';
    p = put_hex(p, order);
    p = put(p, "\x01" "55=");
    p = put(p, self->symbol);
    p = put(p, "\x01" "54=1\x01" "60=");
    p = put(p, self->times);
    p = put(p, "\x01" "38=1\x01" "40=2\x01" "44=");
    p = put_number(p, 100 + order % 64, 3);
    p = put(p, "\x01" "59=1\x01");
    finish(self, start, length, body, p);
}

static void write_cancel(fix_load_t *self, uint64_t order) {
    uint8_t *start = self->out + self->out_tail, *length, *body;
    uint8_t *p = begin_message(self, "35=F", &length, &body);
    *p++ = 'c';
    p = put_hex(p, order);
    p = put(p, "\x01" "41=o");
    p = put_hex(p, order);
    p = put(p, "\x01" "55=");
    p = put(p, self->symbol);
    p = put(p, "\x01" "54=1\x01" "60=");
    p = put(p, self->times);
    *p++ = SOH;
    finish(self, start, length, body, p);
}

/* ------------------------------------------------------------------------------------------------------- reading */

static uint64_t hex_of(const uint8_t *p) {
    uint64_t value = 0;
    for (int i = 0; i < 12; i++) value = value << 4 | (uint64_t)(p[i] <= '9' ? p[i] - '0' : p[i] - 'a' + 10);
    return value;
}

/* One message: [body, end) from MsgType to the field before CheckSum. Returns -1 for a Logout or Reject. */
static int take_message(fix_load_t *self, const uint8_t *body, const uint8_t *end, int64_t now) {
    const uint8_t *p = body, *id = NULL;
    uint8_t exec_type = 0;
    if (end - body < 5 || memcmp(body, "35=", 3)) return -1;
    if (body[3] != '8' || body[4] != SOH) {
        if (body[3] == '9' || body[3] == 'j') {
            self->refused++;
            return 0;
        }
        return body[3] == '3' || body[3] == '5' ? -1 : 0;
    }
    self->reports++;
    while (p < end && !(id && exec_type)) {
        const uint8_t *next = memchr(p, SOH, (size_t)(end - p));
        if (!next) return -1;
        if (next - p == 16 && !memcmp(p, "11=", 3)) id = p + 3;
        else if (next - p == 5 && !memcmp(p, "150=", 4)) exec_type = p[4];
        p = next + 1;
    }
    if (!id || !exec_type) return -1;
    if (exec_type == '0' && id[0] == 'o') {
        self->placed++;
        if (self->samples < SAMPLES_MAX) {
            int64_t took = now - self->sent_ns[hex_of(id + 1) & (SLOTS - 1)];
            self->latency_ns[self->samples++] = took > UINT32_MAX ? UINT32_MAX : (uint32_t)took;
        }
    } else if (exec_type == '4' && id[0] == 'c') {
        self->cancelled++;
    } else if (exec_type == '8') {
        self->refused++;
    }
    return 0;
}

static int take_stream(fix_load_t *self, int64_t now) {
    const uint8_t *p = self->in, *end = self->in + self->in_have;
    while (end - p > 24) {
        const uint8_t *nine = memchr(p, SOH, (size_t)(end - p)), *body;
        size_t length = 0;
        if (!nine || end - nine < 12) break;
        for (body = nine + 3; *body >= '0' && *body <= '9'; body++) length = length * 10 + (size_t)(*body - '0');
        if (*body++ != SOH) return -1;
        if ((size_t)(end - body) < length + 7) break;
        if (take_message(self, body, body + length, now)) return -1;
        p = body + length + 7;
    }
    self->in_have = (size_t)(end - p);
    memmove(self->in, p, self->in_have);
    return 0;
}

/* ------------------------------------------------------------------------------------------------------- the loop */

static int flush(fix_load_t *self) {
    while (self->out_head < self->out_tail) {
        ssize_t n = send(self->fd, self->out + self->out_head, self->out_tail - self->out_head, MSG_DONTWAIT | MSG_NOSIGNAL);
        if (n < 0) {
            if (errno == EAGAIN) return 0;
            if (errno == EINTR) continue;
            return -1;
        }
        self->out_head += (size_t)n;
    }
    self->out_head = self->out_tail = 0;
    return 0;
}

static int fill(fix_load_t *self, uint64_t until, uint32_t window) {
    uint64_t answered = self->placed + self->refused;
    if (self->out_head) return 0; /* first what the kernel did not take */
    tell_time(self);
    int64_t now = now_ns(CLOCK_MONOTONIC);
    while (self->sent < until && self->sent - answered < window && self->out_tail + 2 * MESSAGE_BYTES < OUT_BYTES) {
        uint64_t order = self->next_order++;
        self->sent_ns[order & (SLOTS - 1)] = now;
        write_order(self, order);
        self->sent++;
        if (self->mix == PLACE_CANCEL) {
            write_cancel(self, order);
            self->cancels_sent++;
        }
    }
    return 0;
}

/* Sends so many orders and waits for every answer. Returns the nanoseconds it took, -1 when the line ended or the venue
 * said what it should not, -2 when answers stayed away. Latencies are those of this run. */
int64_t fix_load_run(fix_load_t *self, uint64_t next_out, uint64_t orders, uint32_t window) {
    int64_t began = now_ns(CLOCK_MONOTONIC);
    self->next_out = next_out;
    uint64_t until = self->sent + orders;
    self->samples = 0;
    for (;;) {
        struct pollfd poll_fd = {self->fd, POLLIN, 0};
        if (fill(self, until, window) || flush(self)) return -1;
        if (self->placed + self->refused >= until && self->cancelled >= self->cancels_sent) break;
        if (self->out_head) poll_fd.events |= POLLOUT;
        if (poll(&poll_fd, 1, TIMEOUT_MS) <= 0) return -2;
        if (poll_fd.revents & (POLLIN | POLLHUP | POLLERR)) {
            ssize_t n = recv(self->fd, self->in + self->in_have, IN_BYTES - self->in_have, MSG_DONTWAIT);
            if (n == 0 || (n < 0 && errno != EAGAIN && errno != EINTR)) return -1;
            if (n > 0) {
                self->in_have += (size_t)n;
                self->received_bytes += (uint64_t)n;
                if (take_stream(self, now_ns(CLOCK_MONOTONIC))) return -1;
            }
        }
    }
    return now_ns(CLOCK_MONOTONIC) - began;
}
