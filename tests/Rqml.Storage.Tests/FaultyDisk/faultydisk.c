/*
 * A disk that fails on command, for the real store: preloaded into a process, it stands between the store and the C library.
 *
 *   FAULTYDISK_ROOT       folder to watch (absolute); everything else is passed on untouched
 *   FAULTYDISK_LOG        file to record to: every change below the root, in order, and every sync; a test builds from it what a power cut leaves
 *   FAULTYDISK_SPACE      bytes that may still be written below the root; then writes are short once and fail with ENOSPC from there on
 *   FAULTYDISK_BAD_SYNC   number of the one fsync or fdatasync below the root that fails with EIO (counted from 1); later ones succeed, as on Linux
 *
 * Record: kind (1 byte), file (4), offset or size (8), length (4), then as many bytes: data or a path; a rename has two paths with a 0 between.
 *   C created or opened (offset 1: new)   T size set   W written   F file synced   D folder synced   R renamed   U unlinked   M folder made   X folder removed
 *
 * One lock is held over a call and its record, so that their order in the log is the order in which they happened. A record follows its call:
 * what the log lacks because the process was killed in between had not been confirmed to anybody.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <pthread.h>
#include <stdarg.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <unistd.h>

#define MAX_DESCRIPTORS 65536
#define MAX_FILES 65536

static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char root[PATH_MAX];
static size_t root_length;
static int log_descriptor = -1;
static long long space = -1;
static long bad_sync;
static long syncs;

static uint32_t file_of[MAX_DESCRIPTORS];      /* 0: not watched */
static ino_t inode_of[MAX_FILES];              /* by file number; 0 once unlinked */
static uint32_t files;

static int (*real_open)(const char *, int, ...);
static int (*real_openat)(int, const char *, int, ...);
static int (*real_close)(int);
static ssize_t (*real_write)(int, const void *, size_t);
static ssize_t (*real_pwrite)(int, const void *, size_t, off_t);
static ssize_t (*real_writev)(int, const struct iovec *, int);
static ssize_t (*real_pwritev)(int, const struct iovec *, int, off_t);
static int (*real_ftruncate)(int, off_t);
static int (*real_fallocate)(int, int, off_t, off_t);
static int (*real_fsync)(int);
static int (*real_fdatasync)(int);
static int (*real_rename)(const char *, const char *);
static int (*real_unlink)(const char *);
static int (*real_mkdir)(const char *, mode_t);
static int (*real_rmdir)(const char *);

#define FIND(name) *(void **)&real_##name = dlsym(RTLD_NEXT, #name)

__attribute__((constructor)) static void begin(void)
{
    FIND(open); FIND(openat); FIND(close); FIND(write); FIND(pwrite); FIND(writev); FIND(pwritev); FIND(ftruncate); FIND(fallocate);
    FIND(fsync); FIND(fdatasync); FIND(rename); FIND(unlink); FIND(mkdir); FIND(rmdir);
    const char *value = getenv("FAULTYDISK_ROOT");
    if (value == NULL || value[0] != '/') return;
    snprintf(root, sizeof root, "%s", value);
    root_length = strlen(root);
    if ((value = getenv("FAULTYDISK_SPACE")) != NULL) space = atoll(value);
    if ((value = getenv("FAULTYDISK_BAD_SYNC")) != NULL) bad_sync = atol(value);
    if ((value = getenv("FAULTYDISK_LOG")) != NULL)
    {
        int descriptor = real_open(value, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0644);
        log_descriptor = fcntl(descriptor, F_DUPFD_CLOEXEC, 900);
        real_close(descriptor);
        if (log_descriptor < 0) abort();
    }
}

static int is_watched(const char *path)
{
    return root_length > 0 && strncmp(path, root, root_length) == 0 && (path[root_length] == '/' || path[root_length] == 0);
}

static void record(char kind, uint32_t file, int64_t at, const void *bytes, uint32_t length)
{
    if (log_descriptor < 0) return;
    unsigned char header[17];
    header[0] = (unsigned char)kind;
    memcpy(header + 1, &file, 4);
    memcpy(header + 5, &at, 8);
    memcpy(header + 13, &length, 4);
    struct iovec parts[2] = { { header, sizeof header }, { (void *)bytes, length } };
    ssize_t total = (ssize_t)sizeof header + length;
    if (real_writev(log_descriptor, parts, 2) != total) abort();
}

static void record_path(char kind, const char *path)
{
    record(kind, 0, 0, path, (uint32_t)strlen(path));
}

static uint32_t watched(int descriptor)
{
    return descriptor >= 0 && descriptor < MAX_DESCRIPTORS ? file_of[descriptor] : 0;
}

static uint32_t number_of(int descriptor, int is_new)
{
    struct stat status;
    if (fstat(descriptor, &status) != 0) abort();
    if (!is_new)
    {
        for (uint32_t file = files; file > 0; file--)
        {
            if (inode_of[file] == status.st_ino) return file;
        }
    }

    if (++files >= MAX_FILES) abort();
    inode_of[files] = status.st_ino;
    return files;
}

static int opened(int descriptor, const char *path, int flags, int existed)
{
    if (descriptor < 0 || descriptor >= MAX_DESCRIPTORS) return descriptor;
    if ((flags & O_ACCMODE) == O_RDONLY && existed) return descriptor;
    file_of[descriptor] = number_of(descriptor, !existed);
    record('C', file_of[descriptor], !existed, path, (uint32_t)strlen(path));
    if (existed && (flags & O_TRUNC)) record('T', file_of[descriptor], 0, NULL, 0);
    return descriptor;
}

static int open_watched(const char *path, int flags, mode_t mode)
{
    if (!is_watched(path)) return real_open(path, flags, mode);
    pthread_mutex_lock(&lock);
    struct stat status;
    int existed = stat(path, &status) == 0;
    int descriptor = opened(real_open(path, flags, mode), path, flags, existed);
    int error = errno;
    pthread_mutex_unlock(&lock);
    errno = error;
    return descriptor;
}

#define MODE_OF(flags) mode_t mode = 0; if ((flags) & (O_CREAT | __O_TMPFILE)) { va_list rest; va_start(rest, flags); mode = va_arg(rest, mode_t); va_end(rest); }

int open(const char *path, int flags, ...) { MODE_OF(flags) return open_watched(path, flags, mode); }
int open64(const char *path, int flags, ...) { MODE_OF(flags) return open_watched(path, flags | O_LARGEFILE, mode); }
int creat(const char *path, mode_t mode) { return open_watched(path, O_CREAT | O_WRONLY | O_TRUNC, mode); }

int openat(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    if (path[0] == '/') return open_watched(path, flags, mode);
    return real_openat(folder, path, flags, mode);
}

int openat64(int folder, const char *path, int flags, ...)
{
    MODE_OF(flags)
    if (path[0] == '/') return open_watched(path, flags | O_LARGEFILE, mode);
    return real_openat(folder, path, flags | O_LARGEFILE, mode);
}

int close(int descriptor)
{
    if (descriptor >= 0 && descriptor < MAX_DESCRIPTORS) file_of[descriptor] = 0;
    return real_close(descriptor);
}

/* How much of a write the disk takes: less than asked for, or -1 with ENOSPC. */
static ssize_t room_for(size_t length)
{
    if (space < 0) return (ssize_t)length;
    if (space == 0 && length > 0) { errno = ENOSPC; return -1; }
    size_t taken = length < (size_t)space ? length : (size_t)space;
    space -= (long long)taken;
    return (ssize_t)taken;
}

static ssize_t write_watched(int descriptor, const void *bytes, size_t length, off_t at, int has_offset)
{
    pthread_mutex_lock(&lock);
    ssize_t result = room_for(length);
    if (result >= 0) result = has_offset ? real_pwrite(descriptor, bytes, (size_t)result, at) : real_write(descriptor, bytes, (size_t)result);
    int error = errno;
    if (result > 0)
    {
        if (!has_offset) at = lseek(descriptor, 0, SEEK_CUR) - result;
        record('W', watched(descriptor), at, bytes, (uint32_t)result);
    }

    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

ssize_t write(int descriptor, const void *bytes, size_t length)
{
    return watched(descriptor) ? write_watched(descriptor, bytes, length, 0, 0) : real_write(descriptor, bytes, length);
}

ssize_t pwrite(int descriptor, const void *bytes, size_t length, off_t at)
{
    return watched(descriptor) ? write_watched(descriptor, bytes, length, at, 1) : real_pwrite(descriptor, bytes, length, at);
}

ssize_t pwrite64(int descriptor, const void *bytes, size_t length, off64_t at) { return pwrite(descriptor, bytes, length, at); }

/* Gathering writes: one part after the other, which their callers must expect anyway. */
ssize_t writev(int descriptor, const struct iovec *parts, int count)
{
    if (!watched(descriptor)) return real_writev(descriptor, parts, count);
    ssize_t total = 0;
    for (int i = 0; i < count; i++)
    {
        ssize_t written = write_watched(descriptor, parts[i].iov_base, parts[i].iov_len, 0, 0);
        if (written < 0) return total > 0 ? total : -1;
        total += written;
        if ((size_t)written < parts[i].iov_len) break;
    }

    return total;
}

ssize_t pwritev(int descriptor, const struct iovec *parts, int count, off_t at)
{
    if (!watched(descriptor)) return real_pwritev(descriptor, parts, count, at);
    ssize_t total = 0;
    for (int i = 0; i < count; i++)
    {
        ssize_t written = write_watched(descriptor, parts[i].iov_base, parts[i].iov_len, at + total, 1);
        if (written < 0) return total > 0 ? total : -1;
        total += written;
        if ((size_t)written < parts[i].iov_len) break;
    }

    return total;
}

ssize_t pwritev64(int descriptor, const struct iovec *parts, int count, off64_t at) { return pwritev(descriptor, parts, count, at); }

int ftruncate(int descriptor, off_t size)
{
    if (!watched(descriptor)) return real_ftruncate(descriptor, size);
    pthread_mutex_lock(&lock);
    int result = real_ftruncate(descriptor, size);
    int error = errno;
    if (result == 0) record('T', watched(descriptor), size, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int ftruncate64(int descriptor, off64_t size) { return ftruncate(descriptor, size); }

/* Space set aside has no content; only a size that grows is worth a record. */
int fallocate(int descriptor, int mode, off_t at, off_t length)
{
    if (!watched(descriptor)) return real_fallocate(descriptor, mode, at, length);
    pthread_mutex_lock(&lock);
    int result = -1;
    if (space >= 0 && length > space && mode <= FALLOC_FL_KEEP_SIZE) errno = ENOSPC;
    else result = real_fallocate(descriptor, mode, at, length);
    int error = errno;
    struct stat status;
    if (result == 0 && mode == 0 && fstat(descriptor, &status) == 0) record('T', watched(descriptor), status.st_size, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fallocate64(int descriptor, int mode, off64_t at, off64_t length) { return fallocate(descriptor, mode, at, length); }
int posix_fallocate(int descriptor, off_t at, off_t length) { return fallocate(descriptor, 0, at, length) == 0 ? 0 : errno; }
int posix_fallocate64(int descriptor, off64_t at, off64_t length) { return posix_fallocate(descriptor, at, length); }

/* Says on the error output which sync failed: a test that finds no consequence needs to know. */
static void say_bad_sync(int descriptor)
{
    char link[64], path[PATH_MAX];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, sizeof path);
    if (length > 0) dprintf(2, "faultydisk: sync %ld fails: %.*s\n", syncs, (int)length, path);
}

/* The watched folder that a descriptor stands for. The kernel is asked, as .NET's interop opens folders past this library. */
static const char *folder_behind(int descriptor, char *path)
{
    char link[64];
    snprintf(link, sizeof link, "/proc/self/fd/%d", descriptor);
    ssize_t length = readlink(link, path, PATH_MAX - 1);
    struct stat status;
    if (length <= 0 || fstat(descriptor, &status) != 0 || !S_ISDIR(status.st_mode)) return NULL;
    path[length] = 0;
    return is_watched(path) ? path : NULL;
}

static int sync_watched(int descriptor, int (*real)(int))
{
    char path[PATH_MAX];
    const char *folder = watched(descriptor) ? NULL : folder_behind(descriptor, path);
    if (watched(descriptor) == 0 && folder == NULL) return real(descriptor);
    pthread_mutex_lock(&lock);
    int result = -1;
    int is_bad = bad_sync > 0 && ++syncs == bad_sync;
    if (is_bad) say_bad_sync(descriptor);
    else result = real(descriptor);
    int error = is_bad ? EIO : errno;
    if (result == 0 && folder != NULL) record_path('D', folder);
    else if (result == 0) record('F', watched(descriptor), 0, NULL, 0);
    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int fsync(int descriptor) { return sync_watched(descriptor, real_fsync); }
int fdatasync(int descriptor) { return sync_watched(descriptor, real_fdatasync); }

int rename(const char *from, const char *to)
{
    if (!is_watched(from)) return real_rename(from, to);
    pthread_mutex_lock(&lock);
    int result = real_rename(from, to);
    int error = errno;
    if (result == 0)
    {
        char paths[2 * PATH_MAX];
        int length = snprintf(paths, sizeof paths, "%s%c%s", from, 0, to);
        record('R', 0, 0, paths, (uint32_t)length);
    }

    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int unlink(const char *path)
{
    if (!is_watched(path)) return real_unlink(path);
    pthread_mutex_lock(&lock);
    struct stat status;
    int existed = stat(path, &status) == 0;
    int result = real_unlink(path);
    int error = errno;
    if (result == 0)
    {
        record_path('U', path);
        for (uint32_t file = files; existed && file > 0; file--)
        {
            if (inode_of[file] == status.st_ino) inode_of[file] = 0;     /* the number may come back for another file */
        }
    }

    pthread_mutex_unlock(&lock);
    errno = error;
    return result;
}

int mkdir(const char *path, mode_t mode)
{
    int result = real_mkdir(path, mode);
    int error = errno;
    if (result == 0 && is_watched(path))
    {
        pthread_mutex_lock(&lock);
        record_path('M', path);
        pthread_mutex_unlock(&lock);
    }

    errno = error;
    return result;
}

int rmdir(const char *path)
{
    int result = real_rmdir(path);
    int error = errno;
    if (result == 0 && is_watched(path))
    {
        pthread_mutex_lock(&lock);
        record_path('X', path);
        pthread_mutex_unlock(&lock);
    }

    errno = error;
    return result;
}
