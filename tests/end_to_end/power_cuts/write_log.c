/* Loaded into the recorder by LD_PRELOAD: writes down everything that it does to the files of one
 * folder, in order, so that a test can tell what a power cut would have left of them.
 *
 * In: WRITE_LOG_FOLDER, the folder with a slash at its end, and WRITE_LOG, where to write it. Out:
 * one record after the other, each a `struct record` and its payload, in the machine's byte order.
 *
 * What changes a file is written down before it is done, a sync after it has returned. What lies
 * in memory only is left out: SQLite's -shm, which is mapped, and the lock of the owner. That
 * nothing else is missed is for the reader to check: done again, the log gives the same files. */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

struct record {
    uint64_t kind; /* 'o'pened 'w'rite 't'runcate 's'ynced 'u'nlink 'r'ename */
    uint64_t file; /* number of the inode */
    uint64_t at;   /* offset of a write, new size of a truncation */
    uint64_t size; /* of the payload: bytes written, or name within the folder */
};

#define MOST_FILES 1024
static uint64_t followed[MOST_FILES]; /* by descriptor; 0: not ours */
static pthread_mutex_t one_at_a_time = PTHREAD_MUTEX_INITIALIZER;
static const char *folder;
static int log_file = -1;

#define REAL(name) ((__typeof__(&name))dlsym(RTLD_NEXT, #name))

__attribute__((constructor)) static void begin(void) {
    const char *path = getenv("WRITE_LOG");
    folder = getenv("WRITE_LOG_FOLDER");
    if (path && folder)
        log_file = REAL(open64)(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600);
}

static void note(uint64_t kind, uint64_t file, uint64_t at, const void *payload, uint64_t size) {
    struct record record = {kind, file, at, size};
    struct iovec parts[] = {{&record, sizeof record}, {(void *)payload, size}};
    if (REAL(writev)(log_file, parts, 2) != (ssize_t)(sizeof record + size))
        abort(); /* a log with a hole proves nothing */
}

static int ends_with(const char *text, const char *end) {
    size_t length = strlen(text), tail = strlen(end);
    return length >= tail && strcmp(text + length - tail, end) == 0;
}

/* The name within the folder, empty for the folder itself; NULL for what is not followed. */
static const char *name_of(const char *path) {
    if (log_file < 0 || ends_with(path, "-shm") || ends_with(path, "-lock"))
        return NULL;
    size_t length = strlen(folder);
    if (strncmp(path, folder, length) == 0)
        return path + length;
    return strncmp(path, folder, length - 1) == 0 && strlen(path) == length - 1 ? "" : NULL;
}

static uint64_t file_of(int descriptor) {
    return descriptor >= 0 && descriptor < MOST_FILES ? followed[descriptor] : 0;
}

static int follow(int descriptor, const char *path, int flags) {
    const char *name = name_of(path);
    struct stat data;
    if (descriptor < 0 || !name || fstat(descriptor, &data))
        return descriptor;
    if (descriptor >= MOST_FILES)
        abort();
    followed[descriptor] = data.st_ino;
    note('o', data.st_ino, 0, name, strlen(name));
    if (flags & O_TRUNC)
        note('t', data.st_ino, 0, NULL, 0);
    return descriptor;
}

/* Does one thing, after it was written down, and nothing else meanwhile. */
#define IN_ORDER(type, before, act, after) \
    pthread_mutex_lock(&one_at_a_time);    \
    before;                                \
    type result = act;                     \
    int saved = errno;                     \
    after;                                 \
    pthread_mutex_unlock(&one_at_a_time);  \
    errno = saved;                         \
    return result

static int opened(int directory, const char *path, int flags, mode_t mode) {
    IN_ORDER(int, , REAL(openat64)(directory, path, flags, mode), follow(result, path, flags));
}

#define MODE(flags)                                 \
    mode_t mode = 0;                                \
    if ((flags) & (O_CREAT | O_TMPFILE)) {          \
        va_list more;                               \
        va_start(more, flags);                      \
        mode = va_arg(more, mode_t);                \
        va_end(more);                               \
    }

int open64(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode);
}
int open(const char *path, int flags, ...) {
    MODE(flags)
    return opened(AT_FDCWD, path, flags, mode);
}

ssize_t pwrite64(int file, const void *bytes, size_t size, off64_t at) {
    if (!file_of(file))
        return REAL(pwrite64)(file, bytes, size, at);
    IN_ORDER(ssize_t, note('w', file_of(file), at, bytes, size),
             REAL(pwrite64)(file, bytes, size, at), );
}
ssize_t write(int file, const void *bytes, size_t size) {
    if (!file_of(file))
        return REAL(write)(file, bytes, size);
    IN_ORDER(ssize_t, note('w', file_of(file), lseek64(file, 0, SEEK_CUR), bytes, size),
             REAL(write)(file, bytes, size), );
}
int ftruncate64(int file, off64_t size) {
    if (!file_of(file))
        return REAL(ftruncate64)(file, size);
    IN_ORDER(int, note('t', file_of(file), size, NULL, 0), REAL(ftruncate64)(file, size), );
}

static void note_sync(int file, int result) {
    if (result == 0 && file_of(file))
        note('s', file_of(file), 0, NULL, 0);
}
int fsync(int file) { IN_ORDER(int, , REAL(fsync)(file), note_sync(file, result)); }
int fdatasync(int file) { IN_ORDER(int, , REAL(fdatasync)(file), note_sync(file, result)); }

int unlink(const char *path) {
    const char *name = name_of(path);
    if (!name)
        return REAL(unlink)(path);
    IN_ORDER(int, note('u', 0, 0, name, strlen(name)), REAL(unlink)(path), );
}
int rename(const char *from, const char *to) {
    const char *old = name_of(from), *name = name_of(to);
    if (!old || !name)
        return REAL(rename)(from, to);
    char both[2 * NAME_MAX + 2];
    size_t length = stpcpy(stpcpy(both, old) + 1, name) - both;
    IN_ORDER(int, note('r', 0, 0, both, length), REAL(rename)(from, to), );
}

int close(int file) {
    if (file_of(file)) {
        pthread_mutex_lock(&one_at_a_time);
        followed[file] = 0;
        pthread_mutex_unlock(&one_at_a_time);
    }
    return REAL(close)(file);
}
