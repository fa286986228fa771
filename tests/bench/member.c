/* One process of the population (population.py), and the storms of `figures.py storm`.
 *
 * In: its role from the environment (BENCH_ROLE and BENCH_*, below); argv is free text, what a
 * recorder shall find in /proc/PID/cmdline.  Out: the load of that role, until its parent dies:
 * every member asks the kernel for SIGKILL at that moment.
 *
 *   idle                     never wakes
 *   wake    PERIOD_MS WORK_US   uses WORK_US of CPU each PERIOD_MS
 *   threads PERIOD_MS COUNT     the same with COUNT more threads, a quarter of which wake
 *   walk    PERIOD_MS           a resident set that grows by 8 KiB to 8 MiB and falls back
 *   io      PERIOD_MS FILE      writes and reads 64 KiB, fdatasync after each 50
 *   tcp     PERIOD_MS COUNT     COUNT loopback connections, one byte through one of them
 *   lives   PERIOD_MS           starts a process each PERIOD_MS that lives 10-1500 ms
 *   forks   COUNT LIFE_MS       COUNT processes a second, each with a command line of its own
 *   kmsg    COUNT BYTES         COUNT kernel-log lines a second of BYTES random letters
 */
#define _GNU_SOURCE
#include <arpa/inet.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

static long number(const char *name, long otherwise) {
    const char *text = getenv(name);
    return text ? atol(text) : otherwise;
}

static int64_t now_ns(clockid_t clock) {
    struct timespec at;
    clock_gettime(clock, &at);
    return at.tv_sec * 1000000000LL + at.tv_nsec;
}

static void nap_ms(long ms) {
    struct timespec left = {ms / 1000, ms % 1000 * 1000000};
    while (nanosleep(&left, &left) && errno == EINTR) {}
}

static void nap_until(int64_t ns) {
    struct timespec at = {ns / 1000000000, ns % 1000000000};
    while (clock_nanosleep(CLOCK_MONOTONIC, TIMER_ABSTIME, &at, NULL) == EINTR) {}
}

static void work_us(long us) {
    int64_t end = now_ns(CLOCK_THREAD_CPUTIME_ID) + us * 1000;
    volatile unsigned x = 1;
    while (now_ns(CLOCK_THREAD_CPUTIME_ID) < end)
        for (int i = 0; i < 200; i++) x = x * 1664525u + 1013904223u;
}

static _Noreturn void fail(const char *what) {
    perror(what);
    exit(2);
}

/* `getppid` tells of a parent that died before the request was made. */
static void die_with(pid_t parent) {
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    if (getppid() != parent) _exit(0);
}

static _Noreturn void wake(long period_ms, long us) {
    for (;;) {
        nap_ms(period_ms);
        work_us(us);
    }
}

static void *thread(void *period) {
    prctl(PR_SET_NAME, "worker");
    if (!period)
        for (;;) pause();
    wake((long)period, 30);
}

static void start_threads(long count) {
    pthread_attr_t small;
    pthread_attr_init(&small);
    pthread_attr_setstacksize(&small, 64 << 10);
    for (long i = 0; i < count; i++) {
        pthread_t made;
        void *period = i % 4 ? NULL : (void *)(500 + 37 * i);
        if (pthread_create(&made, &small, thread, period)) fail("pthread_create");
    }
}

static _Noreturn void walk(long period_ms) {
    size_t size = 8 << 20, at = 0;
    char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (memory == MAP_FAILED) fail("mmap");
    for (;;) {
        memory[at] = memory[at + 4096] = 1;
        at = (at + 8192) % size;
        if (at == 0) madvise(memory, size, MADV_DONTNEED);
        nap_ms(period_ms);
    }
}

static _Noreturn void file_io(long period_ms, const char *path) {
    static char block[65536];
    int fd = open(path, O_RDWR | O_CREAT | O_EXCL, 0600);
    if (fd < 0) fail(path);
    unlink(path);
    for (unsigned long i = 0;; i++) {
        off_t at = i % 64 * sizeof block;
        memset(block, 'a' + i % 26, sizeof block);
        if (pwrite(fd, block, sizeof block, at) < 0 || pread(fd, block, sizeof block, at) < 0) fail(path);
        if (i % 50 == 49) fdatasync(fd);
        nap_ms(period_ms);
    }
}

static _Noreturn void tcp(long period_ms, long count) {
    struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
    socklen_t length = sizeof address;
    int listening = socket(AF_INET, SOCK_STREAM, 0), near[count], far[count];
    if (bind(listening, (void *)&address, length) || listen(listening, 64) || getsockname(listening, (void *)&address, &length)) fail("listen");
    for (long i = 0; i < count; i++) {
        near[i] = socket(AF_INET, SOCK_STREAM, 0);
        if (connect(near[i], (void *)&address, length)) fail("connect");
        far[i] = accept(listening, NULL, NULL);
    }
    for (long i = 0;; i = (i + 1) % count) {
        char byte = 'x';
        if (write(near[i], &byte, 1) != 1 || read(far[i], &byte, 1) != 1) fail("tcp");
        nap_ms(period_ms);
    }
}

static char *const SHORT[][6] = {
    {"/usr/bin/git", "rev-parse", "--abbrev-ref", "HEAD"},
    {"/bin/sh", "-c", "df -P / | tail -1 | awk '{print $5}'"},
    {"/usr/bin/curl", "-sS", "--max-time", "2", "http://127.0.0.1:9100/healthz"},
    {"/usr/bin/python3", "/opt/checks/check_disk.py", "--warn=80", "--crit=90"},
    {"/usr/sbin/logrotate", "/etc/logrotate.d/nginx", "--state", "/var/lib/logrotate/status"},
    {"/usr/bin/ssh", "-o", "BatchMode=yes", "deploy@db-2.internal", "uptime"},
};

/* Forks and execs at an even pace, as cron jobs, checks and hooks do. */
static _Noreturn void lives(long period_ms) {
    unsigned random = 12345;
    pid_t self = getpid();
    for (unsigned long i = 0;; i++) {
        random = random * 1103515245u + 12345u;
        if (fork() == 0) {
            die_with(self);
            char life[32], parent[32];
            snprintf(life, sizeof life, "%u", 10 + (random >> 16) % 1490);
            snprintf(parent, sizeof parent, "%d", self);
            setenv("BENCH_ROLE", "short", 1);
            setenv("BENCH_LIFE_MS", life, 1);
            setenv("BENCH_PARENT", parent, 1);
            execv("/proc/self/exe", SHORT[i % (sizeof SHORT / sizeof *SHORT)]);
            _exit(127);
        }
        nap_ms(period_ms);
    }
}

/* A fork storm. Without exec; argv is overwritten in place, which is what /proc shows. */
static _Noreturn void forks(long a_second, long life_ms, char *line, size_t room) {
    pid_t self = getpid();
    int64_t at = now_ns(CLOCK_MONOTONIC);
    for (unsigned long i = 0;; i++) {
        pid_t child = fork();
        if (child == 0) {
            die_with(self);
            char name[16];
            snprintf(name, sizeof name, "storm-%lu", i % 7);
            prctl(PR_SET_NAME, name);
            snprintf(line, room, "/usr/bin/storm --job=%lu", i);
            nap_ms(life_ms);
            _exit(0);
        }
        at += 1000000000 / a_second;
        nap_until(at);
    }
}

/* Facility user, severity debug: no console prints it. */
static _Noreturn void kmsg(long a_second, long bytes) {
    int fd = open("/dev/kmsg", O_WRONLY);
    if (fd < 0) fail("/dev/kmsg");
    static char line[1024];
    if (bytes > 900) bytes = 900;
    uint64_t random = 88172645463325252u;
    int64_t at = now_ns(CLOCK_MONOTONIC);
    for (unsigned long i = 0;; i++) {
        int length = snprintf(line, sizeof line, "<15>bench: line %lu ", i);
        for (long k = 0; k < bytes; k++) {
            random ^= random << 13, random ^= random >> 7, random ^= random << 17;
            line[length++] = 'a' + random % 26;
        }
        if (write(fd, line, length) < 0) fail("/dev/kmsg");
        at += 1000000000 / a_second;
        if (i % 10 == 0) nap_until(at);
    }
}

int main(int argc, char **argv) {
    die_with(number("BENCH_PARENT", getppid()));
    const char *role = getenv("BENCH_ROLE"), *base = strrchr(argv[0], '/');
    char name[16];
    snprintf(name, sizeof name, "%s", base ? base + 1 : argv[0]);
    name[strcspn(name, ":")] = 0;
    prctl(PR_SET_NAME, name);
    signal(SIGCHLD, SIG_IGN);

    long period = number("BENCH_PERIOD_MS", 1000), count = number("BENCH_COUNT", 8), life = number("BENCH_LIFE_MS", 200);
    if (!role) return 2;
    if (!strcmp(role, "idle"))
        for (;;) pause();
    if (!strcmp(role, "short")) {
        work_us(2000);
        nap_ms(life);
        return 0;
    }
    if (!strcmp(role, "threads")) start_threads(count);
    if (!strcmp(role, "wake") || !strcmp(role, "threads")) wake(period, number("BENCH_WORK_US", 40));
    if (!strcmp(role, "walk")) walk(period);
    if (!strcmp(role, "io")) file_io(period, getenv("BENCH_FILE"));
    if (!strcmp(role, "tcp")) tcp(period, count);
    if (!strcmp(role, "lives")) lives(period);
    if (!strcmp(role, "forks")) forks(count, life, argv[0], argv[argc - 1] + strlen(argv[argc - 1]) + 1 - argv[0]);
    if (!strcmp(role, "kmsg")) kmsg(count, number("BENCH_BYTES", 80));
    return 2;
}
