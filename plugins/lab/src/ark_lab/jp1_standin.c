/*
 * A stand-in for the commands and the processes of JP1/Base and JP1/AJS3 on Linux.
 *
 * It is NOT the product and shares nothing with it. It behaves, at its edges, as the product
 * is documented to behave: argument shapes, return codes, long-lived processes, background work,
 * and it fails on demand. Every line that it prints begins with "[stand-in]".
 *
 * One binary plays every part:
 *
 *   ROOT/opt/lab/jp1-stand-in       the commands: chosen by argv[0], else by the first argument
 *   ROOT/opt/jp1base/bin/jbs_spmd   a daemon: a hard link to the same file, chosen by its own name
 *
 * A root is one node's JP1. The binary finds its root from its own path. Beneath ROOT/opt/lab:
 *
 *   settings               key=value; how this node's JP1 behaves
 *   hosts/L                key=value; shared=DIR defines the logical host L on this node
 *   faults/COMMAND[@L]     key=value; what COMMAND (or the daemon of that name) does wrong
 *   run/GROUP/L/KEY        the record of one daemon, which holds a record lock on it while it lives
 *   run/host.lock          held by the command that must not run twice on a node
 *
 * The README tells the settings and faults, and the choices made where nothing is documented.
 */
#define _GNU_SOURCE
#include <ctype.h>
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define MARK "[stand-in] "
#define COMMAND_BINARY "/opt/lab/jp1-stand-in"
#define AJS_HOST_MAX 32  /* bytes of a JP1/AJS3 logical host name */
#define HOST_MAX 255     /* bytes of a JP1/Base logical host name */
#define AJS_KILL_MATCH 15 /* bytes that jajs_killall.cluster compares */
#define CHILDREN_MAX 64
#define FOREVER 1e9
#define LOOK 0.001 /* seconds between two looks at something awaited */
#define TICK 1.0   /* seconds between two looks of a daemon at whether its root is still there */

/* The file descriptors a daemon is started with. */
enum { RECORD_FD = 3, SHARED_LOCK_FD = 4, READY_FD = 5, FIRST_FREE_FD = 10 };

enum { RC_OK = 0, RC_ERROR = 1, RC_PARTIAL = 4, RC_DOWN = 8, RC_RETRY = 12 };

/* BASE: jbs_spmd and its children. EVENT: jevservice and its children. AJS: jajs_spmd and its
   children. MACHINE: what exists once a node and belongs to no logical host. */
enum group { BASE, EVENT, AJS, MACHINE };
static const char *const GROUP_NAME[] = {"base", "event", "ajs", "machine"};
static const char *const GROUP_MANAGER[] = {"jbs_spmd", "jevservice", "jajs_spmd", NULL};
static const char *const GROUP_BIN[] = {"/opt/jp1base/bin", "/opt/jp1base/bin", "/opt/jp1ajs2/bin",
                                        NULL};
static const char *const GROUP_SHARED[] = {"jp1base", "jp1base", "jp1ajs2", NULL};
static const char NO_HOST[] = "_"; /* stands for "no logical host" in the records of MACHINE */

static const char *root;        /* of this node, without a trailing slash */
static const char *own_name;    /* the last part of this binary's path */

/* ---- small tools ------------------------------------------------------------------------- */

static void *must(void *memory)
{
    if (memory == NULL)
        _exit(125);
    return memory;
}

__attribute__((format(printf, 1, 2))) static char *format(const char *template, ...)
{
    char *text = NULL;
    va_list arguments;
    va_start(arguments, template);
    if (vasprintf(&text, template, arguments) < 0)
        text = NULL;
    va_end(arguments);
    return must(text);
}

static double now(void)
{
    struct timespec at;
    clock_gettime(CLOCK_MONOTONIC, &at);
    return (double)at.tv_sec + (double)at.tv_nsec / 1e9;
}

static struct timespec as_timespec(double seconds)
{
    if (seconds < 0)
        seconds = 0;
    struct timespec span = {.tv_sec = (time_t)seconds};
    span.tv_nsec = (long)((seconds - (double)span.tv_sec) * 1e9);
    return span;
}

static bool directory_exists(const char *path)
{
    struct stat status;
    return stat(path, &status) == 0 && S_ISDIR(status.st_mode);
}

/* A root that was removed takes its processes with it, so that no test leaves one behind. */
static bool root_is_gone(void)
{
    char *settings = format("%s/opt/lab/settings", root);
    bool gone = access(settings, F_OK) != 0 && errno == ENOENT;
    free(settings);
    return gone;
}

static void pause_for(double seconds)
{
    double until = now() + seconds;
    for (double left = seconds; left > 0; left = until - now()) {
        struct timespec span = as_timespec(left < TICK ? left : TICK);
        nanosleep(&span, NULL);
        if (left > TICK && root_is_gone())
            _exit(RC_ERROR);
    }
}

static void make_directories(const char *path)
{
    char *copy = must(strdup(path));
    for (char *at = strchr(copy + 1, '/'); at != NULL; at = strchr(at + 1, '/')) {
        *at = '\0';
        mkdir(copy, 0755);
        *at = '/';
    }
    mkdir(copy, 0755);
    free(copy);
}

static bool write_all(int fd, const char *bytes, size_t length)
{
    while (length > 0) {
        ssize_t written = write(fd, bytes, length);
        if (written < 0 && errno == EINTR)
            continue;
        if (written <= 0)
            return false;
        bytes += written;
        length -= (size_t)written;
    }
    return true;
}

/* Is `name`, the `index`th of its kind, in a list "a,b,c"? A list that is a number N means the
   first N. */
static bool listed(const char *list, const char *name, int index)
{
    if (list == NULL || *list == '\0')
        return false;
    if (isdigit((unsigned char)*list))
        return index < atoi(list);
    size_t length = strlen(name);
    for (const char *at = list; *at != '\0'; at += strspn(at, ",")) {
        size_t item = strcspn(at, ",");
        if (item == length && strncmp(at, name, length) == 0)
            return true;
        at += item;
    }
    return false;
}

/* ---- key=value files --------------------------------------------------------------------- */

struct entry {
    char *key, *value;
    struct entry *next;
};

static void entries_free(struct entry *entries)
{
    while (entries != NULL) {
        struct entry *next = entries->next;
        free(entries->key);
        free(entries->value);
        free(entries);
        entries = next;
    }
}

/* Adds the lines of `text` in front of `entries`: what is read later counts. */
static struct entry *entries_of_text(char *text, struct entry *entries)
{
    char *rest = NULL;
    for (char *line = strtok_r(text, "\n", &rest); line; line = strtok_r(NULL, "\n", &rest)) {
        char *equals = strchr(line, '=');
        if (line[0] == '#' || equals == NULL)
            continue;
        *equals = '\0';
        struct entry *entry = must(malloc(sizeof *entry));
        entry->key = must(strdup(line));
        entry->value = must(strdup(equals + 1));
        entry->next = entries;
        entries = entry;
    }
    return entries;
}

static struct entry *entries_of_fd(int fd, struct entry *entries)
{
    char text[16384];
    ssize_t length = pread(fd, text, sizeof text - 1, 0);
    if (length <= 0)
        return entries;
    text[length] = '\0';
    return entries_of_text(text, entries);
}

static struct entry *entries_of_file(const char *path, struct entry *entries)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return entries;
    entries = entries_of_fd(fd, entries);
    close(fd);
    return entries;
}

/* The node's settings, over them the faults of `command`, over these the faults of `command` for
   `host`. A fault file may also hold a setting, which then counts for that command alone. */
static struct entry *behaviour_of(const char *command, const char *host)
{
    char *path = format("%s/opt/lab/settings", root);
    struct entry *entries = entries_of_file(path, NULL);
    free(path);
    path = format("%s/opt/lab/faults/%s", root, command);
    entries = entries_of_file(path, entries);
    free(path);
    if (host != NULL) {
        path = format("%s/opt/lab/faults/%s@%s", root, command, host);
        entries = entries_of_file(path, entries);
        free(path);
    }
    return entries;
}

static const char *text_of(const struct entry *entries, const char *key, const char *otherwise)
{
    for (; entries != NULL; entries = entries->next)
        if (strcmp(entries->key, key) == 0)
            return entries->value;
    return otherwise;
}

static double number_of(const struct entry *entries, const char *key, double otherwise)
{
    const char *text = text_of(entries, key, NULL);
    return text != NULL && *text != '\0' ? strtod(text, NULL) : otherwise;
}

static bool flag_of(const struct entry *entries, const char *key, bool otherwise)
{
    return number_of(entries, key, otherwise) != 0;
}

/* What this node is called in the records on the shared directory: its root, unless the setting
   "node" says otherwise, as it does where every node has the same root in files of its own. */
static char *node_name(void)
{
    char *path = format("%s/opt/lab/settings", root);
    struct entry *entries = entries_of_file(path, NULL);
    free(path);
    const char *name = text_of(entries, "node", "");
    char *copy = must(strdup(*name != '\0' ? name : root));
    entries_free(entries);
    return copy;
}

/* ---- messages ---------------------------------------------------------------------------- */

enum language { ENGLISH, JAPANESE_UTF8, JAPANESE_EUC, JAPANESE_SJIS };
enum message {
    STARTED, STOPPED, FORCED, FORCING, CONTINUES, REFUSED, FAILED, ALL_UP, SOME_UP, ALL_DOWN,
    NO_ANSWER, BUSY, TITLE, EVENT_SERVER
};

/* Each message in English, and in Japanese as UTF-8, as EUC-JP and as Shift_JIS. */
static const char *const MESSAGE[][4] = {
    [STARTED] =
        {"The service has started.",
         "\343\202\265\343\203\274\343\203\223\343\202\271\343\201\256\350\265\267\345\213\225\343"
         "\201\214\345\256\214\344\272\206\343\201\227\343\201\276\343\201\227\343\201\237\343\200"
         "\202",
         "\245\265\241\274\245\323\245\271\244\316\265\257\306\260\244\254\264\260\316\273\244\267"
         "\244\336\244\267\244\277\241\243",
         "\203T\201[\203r\203X\202\314\213N\223\256\202\252\212\256\227\271\202\265\202\334\202"
         "\265\202\275\201B"},
    [STOPPED] =
        {"The service has stopped.",
         "\343\202\265\343\203\274\343\203\223\343\202\271\343\201\256\345\201\234\346\255\242\343"
         "\201\214\345\256\214\344\272\206\343\201\227\343\201\276\343\201\227\343\201\237\343\200"
         "\202",
         "\245\265\241\274\245\323\245\271\244\316\304\344\273\337\244\254\264\260\316\273\244\267"
         "\244\336\244\267\244\277\241\243",
         "\203T\201[\203r\203X\202\314\222\342\216~\202\252\212\256\227\271\202\265\202\334\202"
         "\265\202\275\201B"},
    [FORCED] =
        {"The processes have been ended by force.",
         "\343\203\227\343\203\255\343\202\273\343\202\271\343\202\222\345\274\267\345\210\266\347"
         "\265\202\344\272\206\343\201\227\343\201\276\343\201\227\343\201\237\343\200\202",
         "\245\327\245\355\245\273\245\271\244\362\266\257\300\251\275\252\316\273\244\267\244\336"
         "\244\267\244\277\241\243",
         "\203v\203\215\203Z\203X\202\360\213\255\220\247\217I\227\271\202\265\202\334\202\265\202"
         "\275\201B"},
    [FORCING] =
        {"The processes will be ended by force in the background.",
         "\343\203\220\343\203\203\343\202\257\343\202\260\343\203\251\343\202\246\343\203\263\343"
         "\203\211\343\201\247\343\203\227\343\203\255\343\202\273\343\202\271\343\202\222\345\274"
         "\267\345\210\266\347\265\202\344\272\206\343\201\227\343\201\276\343\201\231\343\200\202",
         "\245\320\245\303\245\257\245\260\245\351\245\246\245\363\245\311\244\307\245\327\245\355"
         "\245\273\245\271\244\362\266\257\300\251\275\252\316\273\244\267\244\336\244\271\241\243",
         "\203o\203b\203N\203O\203\211\203E\203\223\203h\202\305\203v\203\215\203Z\203X\202\360"
         "\213\255\220\247\217I\227\271\202\265\202\334\202\267\201B"},
    [CONTINUES] =
        {"The work goes on in the background.",
         "\345\207\246\347\220\206\343\202\222\343\203\220\343\203\203\343\202\257\343\202\260\343"
         "\203\251\343\202\246\343\203\263\343\203\211\343\201\247\347\266\232\350\241\214\343\201"
         "\227\343\201\276\343\201\231\343\200\202",
         "\275\350\315\375\244\362\245\320\245\303\245\257\245\260\245\351\245\246\245\363\245\311"
         "\244\307\302\263\271\324\244\267\244\336\244\271\241\243",
         "\217\210\227\235\202\360\203o\203b\203N\203O\203\211\203E\203\223\203h\202\305\221\261"
         "\215s\202\265\202\334\202\267\201B"},
    [REFUSED] =
        {"The request is refused.",
         "\350\246\201\346\261\202\343\201\257\346\213\222\345\220\246\343\201\225\343\202\214\343"
         "\201\276\343\201\227\343\201\237\343\200\202",
         "\315\327\265\341\244\317\265\361\310\335\244\265\244\354\244\336\244\267\244\277\241\243",
         "\227v\213\201\202\315\213\221\224\333\202\263\202\352\202\334\202\265\202\275\201B"},
    [FAILED] =
        {"The request has failed.",
         "\345\207\246\347\220\206\343\201\253\345\244\261\346\225\227\343\201\227\343\201\276\343"
         "\201\227\343\201\237\343\200\202",
         "\275\350\315\375\244\313\274\272\307\324\244\267\244\336\244\267\244\277\241\243",
         "\217\210\227\235\202\311\216\270\224s\202\265\202\334\202\265\202\275\201B"},
    [ALL_UP] =
        {"All processes are running.",
         "\343\201\231\343\201\271\343\201\246\343\201\256\343\203\227\343\203\255\343\202\273\343"
         "\202\271\343\201\214\347\250\274\345\203\215\344\270\255\343\201\247\343\201\231\343\200"
         "\202",
         "\244\271\244\331\244\306\244\316\245\327\245\355\245\273\245\271\244\254\262\324\306\257"
         "\303\346\244\307\244\271\241\243",
         "\202\267\202\327\202\304\202\314\203v\203\215\203Z\203X\202\252\211\322\223\255\222\206"
         "\202\305\202\267\201B"},
    [SOME_UP] =
        {"Some processes are running.",
         "\344\270\200\351\203\250\343\201\256\343\203\227\343\203\255\343\202\273\343\202\271\343"
         "\201\214\347\250\274\345\203\215\344\270\255\343\201\247\343\201\231\343\200\202",
         "\260\354\311\364\244\316\245\327\245\355\245\273\245\271\244\254\262\324\306\257\303\346"
         "\244\307\244\271\241\243",
         "\210\352\225\224\202\314\203v\203\215\203Z\203X\202\252\211\322\223\255\222\206\202\305"
         "\202\267\201B"},
    [ALL_DOWN] =
        {"No process is running.",
         "\343\203\227\343\203\255\343\202\273\343\202\271\343\201\257\347\250\274\345\203\215\343"
         "\201\227\343\201\246\343\201\204\343\201\276\343\201\233\343\202\223\343\200\202",
         "\245\327\245\355\245\273\245\271\244\317\262\324\306\257\244\267\244\306\244\244\244\336"
         "\244\273\244\363\241\243",
         "\203v\203\215\203Z\203X\202\315\211\322\223\255\202\265\202\304\202\242\202\334\202\271"
         "\202\361\201B"},
    [NO_ANSWER] =
        {"The process manager does not answer.",
         "\343\203\227\343\203\255\343\202\273\343\202\271\347\256\241\347\220\206\343\201\214\345"
         "\277\234\347\255\224\343\201\227\343\201\276\343\201\233\343\202\223\343\200\202",
         "\245\327\245\355\245\273\245\271\264\311\315\375\244\254\261\376\305\372\244\267\244\336"
         "\244\273\244\363\241\243",
         "\203v\203\215\203Z\203X\212\307\227\235\202\252\211\236\223\232\202\265\202\334\202\271"
         "\202\361\201B"},
    [BUSY] =
        {"Another request is being processed; try again.",
         "\343\201\273\343\201\213\343\201\256\350\246\201\346\261\202\343\202\222\345\207\246\347"
         "\220\206\344\270\255\343\201\247\343\201\231\343\200\202\345\206\215\345\256\237\350\241"
         "\214\343\201\227\343\201\246\343\201\217\343\201\240\343\201\225\343\201\204\343\200\202",
         "\244\333\244\253\244\316\315\327\265\341\244\362\275\350\315\375\303\346\244\307\244\271"
         "\241\243\272\306\274\302\271\324\244\267\244\306\244\257\244\300\244\265\244\244\241\243",
         "\202\331\202\251\202\314\227v\213\201\202\360\217\210\227\235\222\206\202\305\202\267"
         "\201B\215\304\216\300\215s\202\265\202\304\202\255\202\276\202\263\202\242\201B"},
    [TITLE] =
        {"Process states (illustrative text, not the product's):",
         "\343\203\227\343\203\255\343\202\273\343\202\271\343\201\256\347\212\266\346\205\213\343"
         "\202\222\350\241\250\347\244\272\343\201\227\343\201\276\343\201\231(\350\243\275\345"
         "\223\201\343\201\256\346\226\207\351\235\242\343\201\247\343\201\257\343\201\202\343\202"
         "\212\343\201\276\343\201\233\343\202\223):",
         "\245\327\245\355\245\273\245\271\244\316\276\365\302\326\244\362\311\275\274\250\244\267"
         "\244\336\244\271(\300\275\311\312\244\316\312\270\314\314\244\307\244\317\244\242\244"
         "\352\244\336\244\273\244\363):",
         "\203v\203\215\203Z\203X\202\314\217\363\221\324\202\360\225\134\216\246\202\265\202\334"
         "\202\267(\220\273\225i\202\314\225\266\226\312\202\305\202\315\202\240\202\350\202\334"
         "\202\271\202\361):"},
    [EVENT_SERVER] =
        {"KAJP1706-E A connection to the event server cannot be established.",
         "KAJP1706-E \343\202\244\343\203\231\343\203\263\343\203\210\343\202\265\343\203\274\343"
         "\203\220\343\201\253\346\216\245\347\266\232\343\201\247\343\201\215\343\201\276\343\201"
         "\233\343\202\223\343\200\202",
         "KAJP1706-E \245\244\245\331\245\363\245\310\245\265\241\274\245\320\244\313\300\334\302"
         "\263\244\307\244\255\244\336\244\273\244\363\241\243",
         "KAJP1706-E \203C\203x\203\223\203g\203T\201[\203o\202\311\220\332\221\261\202\305\202"
         "\253\202\334\202\271\202\361\201B"},
};

static enum language language(void)
{
    const char *lang = getenv("LANG");
    if (lang == NULL || strncmp(lang, "ja_JP", 5) != 0)
        return ENGLISH;
    const char *codeset = lang + strcspn(lang, ".");
    if (strcasecmp(codeset, ".UTF-8") == 0 || strcasecmp(codeset, ".utf8") == 0)
        return JAPANESE_UTF8;
    if (strcasecmp(codeset, ".eucJP") == 0 || strcasecmp(codeset, ".ujis") == 0)
        return JAPANESE_EUC;
    if (strcasecmp(codeset, ".SJIS") == 0)
        return JAPANESE_SJIS;
    return ENGLISH;
}

static void say(FILE *stream, const char *command, enum message message)
{
    fprintf(stream, MARK "%s: %s\n", command, MESSAGE[message][language()]);
}

/* Errors are English only: they tell the user of the stand-in what to change. */
__attribute__((format(printf, 2, 3))) static int error(const char *command, const char *template,
                                                       ...)
{
    va_list arguments;
    va_start(arguments, template);
    fprintf(stderr, MARK "%s: ", command);
    vfprintf(stderr, template, arguments);
    fputc('\n', stderr);
    va_end(arguments);
    return RC_ERROR;
}

/* ---- records: who lives ------------------------------------------------------------------ */

static char *record_directory(enum group group, const char *host)
{
    return format("%s/opt/lab/run/%s/%s", root, GROUP_NAME[group], host);
}

/* The pid that holds the record lock of the file, 0 if none does. The kernel drops the lock when
   the process ends, so a record never claims more than is true. */
static pid_t holder_of_file(const char *path)
{
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return 0;
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    pid_t pid = fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK ? lock.l_pid : 0;
    close(fd);
    return pid;
}

static pid_t holder(enum group group, const char *host, const char *key)
{
    char *path = format("%s/opt/lab/run/%s/%s/%s", root, GROUP_NAME[group], host, key);
    pid_t pid = holder_of_file(path);
    free(path);
    return pid;
}

static pid_t manager_of(enum group group, const char *host)
{
    return holder(group, host, GROUP_MANAGER[group]);
}

/* Counts the living of a group on a host, and signals them where `signal` is not 0. */
static int living(enum group group, const char *host, int signal)
{
    char *path = record_directory(group, host);
    DIR *directory = opendir(path);
    free(path);
    if (directory == NULL)
        return 0;
    int found = 0;
    for (struct dirent *item; (item = readdir(directory)) != NULL;) {
        pid_t pid = item->d_name[0] == '.' ? 0 : holder(group, host, item->d_name);
        if (pid > 0) {
            found++;
            if (signal != 0)
                kill(pid, signal);
        }
    }
    closedir(directory);
    return found;
}

/* What a manager wrote about itself when it was started; NULL if it has gone meanwhile. */
static struct entry *record_of(enum group group, const char *host, const char *key)
{
    char *path = format("%s/opt/lab/run/%s/%s/%s", root, GROUP_NAME[group], host, key);
    struct entry *record = NULL;
    while (holder_of_file(path) != 0) {
        record = entries_of_file(path, NULL);
        if (text_of(record, "end", NULL) != NULL)
            break;
        entries_free(record); /* locked a moment ago, not yet written */
        record = NULL;
        pause_for(LOOK);
    }
    free(path);
    return record;
}

/* ---- the shared directory ---------------------------------------------------------------- */

/* NULL if the logical host is not defined on this node. */
static char *shared_directory(const char *host)
{
    char *path = format("%s/opt/lab/hosts/%s", root, host);
    struct entry *definition = entries_of_file(path, NULL);
    free(path);
    const char *shared = text_of(definition, "shared", NULL);
    char *copy = shared == NULL ? NULL : must(strdup(shared));
    entries_free(definition);
    return copy;
}

/* One line in SHARED/PRODUCT/writers: time, node, pid, event, group, logical host. */
static void record_writer(enum group group, const char *host, pid_t pid, const char *event)
{
    char *shared = shared_directory(host);
    if (shared == NULL)
        return;
    char *path = format("%s/%s/writers", shared, GROUP_SHARED[group]);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    if (fd >= 0) {
        struct timespec at;
        clock_gettime(CLOCK_REALTIME, &at);
        char *node = node_name();
        char *line = format("%lld.%06ld\t%s\t%d\t%s\t%s\t%s\n", (long long)at.tv_sec,
                            at.tv_nsec / 1000, node, (int)pid, event, GROUP_NAME[group], host);
        write_all(fd, line, strlen(line));
        free(line);
        free(node);
        close(fd);
    }
    free(path);
    free(shared);
}

/* Takes the lock that every daemon of this product and host inherits: it is free again only when
   the last of them is gone, on whichever node they run. -1 if it is not to be had. */
static int take_shared_lock(const char *command, enum group group, const char *host,
                            const char *shared, bool refuse)
{
    char *directory = format("%s/%s/lock", shared, GROUP_SHARED[group]);
    make_directories(directory);
    char *path = format("%s/%s", directory, host);
    free(directory);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    if (fd < 0) {
        error(command, "%s: %s", path, strerror(errno));
        free(path);
        return -1;
    }
    free(path);
    if (flock(fd, LOCK_EX | LOCK_NB) == 0) {
        if (ftruncate(fd, 0) == 0) {
            char *node = node_name();
            char *owner = format("node=%s\n", node);
            write_all(fd, owner, strlen(owner));
            free(owner);
            free(node);
        }
        return fd;
    }
    struct entry *owner = entries_of_fd(fd, NULL);
    const char *node = text_of(owner, "node", "unknown");
    char *own = node_name();
    bool ours = strcmp(node, own) == 0;
    free(own);
    record_writer(group, host, getpid(), ours ? "refused" : "DOUBLE");
    if (ours)
        error(command, "%s already runs on this node, or processes of it are left", host);
    else
        error(command, "DOUBLE START: %s already runs on the node %s", host, node);
    entries_free(owner);
    if (refuse || ours) {
        close(fd);
        return -1;
    }
    return fd; /* the lock is not ours: two nodes write now, as told in the record */
}

/* ---- starting a daemon ------------------------------------------------------------------- */

struct birth {
    enum group group;
    const char *host;     /* NULL: belongs to the machine */
    const char *name;     /* argv[0] */
    const char *key;      /* name of its record */
    const char *role;     /* manager, child, machine */
    const char *start;    /* manager: children to start */
    const char *expected; /* manager: children a status command looks for */
    const char *environment; /* host, nohost, clean: see child_env */
    bool ha, keep_stdout;
    int ready_fd, lock_fd; /* -1: none */
};

struct report {
    char state; /* S started, B one lives already, X could not */
    pid_t pid;
};

static char *executable_of(enum group group, const char *name)
{
    const char *bin = GROUP_BIN[group];
    if (group == MACHINE)
        bin = strcmp(name, "hntr2mon") == 0 ? GROUP_BIN[BASE] : GROUP_BIN[AJS];
    /* jajs_schd_SERVICE and jajs_dbmd_ID are one binary each */
    static const char *const FAMILY[] = {"jajs_schd", "jajs_dbmd"};
    for (size_t i = 0; i < sizeof FAMILY / sizeof *FAMILY; i++)
        if (strncmp(name, FAMILY[i], strlen(FAMILY[i])) == 0)
            name = FAMILY[i];
    return format("%s%s/%s", root, bin, name);
}

/* Puts descriptors where a daemon expects them, and closes all others but `report_fd`. */
static void arrange_descriptors(const struct birth *birth, int record_fd, int report_fd)
{
    int null = open("/dev/null", O_RDWR);
    dup2(null, STDIN_FILENO);
    if (!birth->keep_stdout) {
        dup2(null, STDOUT_FILENO);
        dup2(null, STDERR_FILENO);
    }
    int lock_fd = birth->lock_fd < 0 ? -1 : fcntl(birth->lock_fd, F_DUPFD, FIRST_FREE_FD);
    int ready_fd = birth->ready_fd < 0 ? -1 : fcntl(birth->ready_fd, F_DUPFD, FIRST_FREE_FD);
    dup2(record_fd, RECORD_FD);
    if (lock_fd >= 0)
        dup2(lock_fd, SHARED_LOCK_FD);
    else
        close(SHARED_LOCK_FD);
    if (ready_fd >= 0)
        dup2(ready_fd, READY_FD);
    else
        close(READY_FD);
    DIR *open_files = opendir("/proc/self/fd");
    if (open_files == NULL)
        return;
    for (struct dirent *item; (item = readdir(open_files)) != NULL;) {
        int fd = atoi(item->d_name);
        if (fd > READY_FD && fd != report_fd && fd != dirfd(open_files))
            close(fd);
    }
    closedir(open_files);
}

static void set_environment(const struct birth *birth)
{
    if (strcmp(birth->environment, "clean") == 0) {
        clearenv();
        setenv("PATH", "/usr/bin:/bin", 1);
    }
    if (strcmp(birth->environment, "host") == 0 && birth->host != NULL)
        setenv("JP1_HOSTNAME", birth->host, 1);
    else
        unsetenv("JP1_HOSTNAME");
}

__attribute__((noreturn)) static void report_and_leave(int report_fd, char state)
{
    struct report report = {.state = state, .pid = getpid()};
    write_all(report_fd, (const char *)&report, sizeof report);
    _exit(RC_ERROR);
}

/* In the new process: becomes the daemon. `parent`, where not 0, must still live once the record
   is locked: so a killer that ends the manager first and looks for its children then misses
   none of them. */
__attribute__((noreturn)) static void become(const struct birth *birth, int report_fd, pid_t parent)
{
    report_fd = fcntl(report_fd, F_DUPFD_CLOEXEC, FIRST_FREE_FD + 10);
    umask(022);
    setsid();
    if (chdir("/") != 0)
        report_and_leave(report_fd, 'X');
    const char *host = birth->host == NULL ? NO_HOST : birth->host;
    char *directory = record_directory(birth->group, host);
    make_directories(directory);
    char *path = format("%s/%s", directory, birth->key);
    int record_fd = open(path, O_RDWR | O_CREAT, 0644);
    if (record_fd < 0)
        report_and_leave(report_fd, 'X');
    /* First the final descriptor, then the lock: closing any other descriptor of the same file
       would drop it. */
    arrange_descriptors(birth, record_fd, report_fd);
    struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};
    if (fcntl(RECORD_FD, F_SETLK, &lock) != 0)
        report_and_leave(report_fd, 'B');
    if (parent != 0 && getppid() != parent)
        _exit(RC_ERROR);
    char *record = format("pid=%d\ngroup=%s\nhost=%s\nname=%s\nkey=%s\nrole=%s\nstart=%s\n"
                          "expected=%s\nha=%d\nkeep_stdout=%d\nstarted=%.6f\nend=1\n",
                          (int)getpid(), GROUP_NAME[birth->group], host, birth->name, birth->key,
                          birth->role, birth->start ? birth->start : "",
                          birth->expected ? birth->expected : "", birth->ha, birth->keep_stdout,
                          now());
    if (ftruncate(RECORD_FD, 0) != 0 || !write_all(RECORD_FD, record, strlen(record)))
        report_and_leave(report_fd, 'X');
    set_environment(birth);
    char *executable = executable_of(birth->group, birth->name);
    if (access(executable, X_OK) != 0) { /* a child of the settings' choice */
        char *binary = format("%s" COMMAND_BINARY, root);
        if (link(binary, executable) != 0 && errno != EEXIST)
            report_and_leave(report_fd, 'X');
    }
    struct report report = {.state = 'S', .pid = getpid()};
    write_all(report_fd, (const char *)&report, sizeof report);
    bool shows_host = strcmp(birth->role, "manager") == 0 && birth->group != EVENT;
    execl(executable, birth->name, shows_host ? birth->host : (char *)NULL, (char *)NULL);
    report_and_leave(report_fd, 'X');
}

/* Starts a daemon and returns its pid once its program runs; 0 if one lives already, -1 if it
   could not be started. `detached`: as a child of nobody here, by a double fork. */
static pid_t bear(const struct birth *birth, bool detached)
{
    int channel[2];
    if (pipe2(channel, O_CLOEXEC) != 0)
        return -1;
    pid_t self = getpid();
    pid_t child = fork();
    if (child == 0) {
        close(channel[0]);
        if (!detached)
            become(birth, channel[1], self);
        setsid();
        if (fork() == 0)
            become(birth, channel[1], 0);
        _exit(0);
    }
    close(channel[1]);
    if (child < 0) {
        close(channel[0]);
        return -1;
    }
    if (detached)
        while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
            ;
    struct report report, last = {.state = 'X'};
    for (;;) { /* the last report counts: S and then nothing, or S and then X */
        ssize_t got = read(channel[0], &report, sizeof report);
        if (got < 0 && errno == EINTR)
            continue;
        if (got != (ssize_t)sizeof report)
            break;
        last = report;
    }
    close(channel[0]);
    if (last.state == 'S')
        return last.pid;
    return last.state == 'B' ? 0 : -1;
}

/* ---- the life of a daemon ---------------------------------------------------------------- */

struct child {
    char *name, *key;
    pid_t pid; /* 0: not running */
};

struct daemon {
    struct entry *record;
    enum group group;
    const char *host; /* NULL: belongs to the machine */
    const char *name;
    bool manager;
    double dies_at;
    struct child children[CHILDREN_MAX];
    int count;
};

static struct entry *daemon_behaviour(const struct daemon *daemon)
{
    return behaviour_of(daemon->name, daemon->host);
}

static pid_t start_child(const struct daemon *daemon, const struct child *child)
{
    struct entry *behaviour = behaviour_of(child->name, daemon->host);
    struct birth birth = {
        .group = daemon->group, .host = daemon->host, .name = child->name, .key = child->key,
        .role = "child", .environment = text_of(behaviour, "child_env", "host"),
        .keep_stdout = flag_of(daemon->record, "keep_stdout", false), .ready_fd = -1,
        .lock_fd = SHARED_LOCK_FD};
    pid_t pid = bear(&birth, false);
    entries_free(behaviour);
    return pid > 0 ? pid : 0;
}

/* Takes note of the children that ended; true if one did. */
static bool reap(struct daemon *daemon)
{
    bool any = false;
    for (pid_t pid; (pid = waitpid(-1, NULL, WNOHANG)) > 0;)
        for (int i = 0; i < daemon->count; i++)
            if (daemon->children[i].pid == pid) {
                daemon->children[i].pid = 0;
                any = true;
            }
    return any;
}

static void daemon_signals(sigset_t *set)
{
    sigemptyset(set);
    sigaddset(set, SIGTERM);
    sigaddset(set, SIGINT);
    sigaddset(set, SIGHUP);
    sigaddset(set, SIGCHLD);
    sigaddset(set, SIGUSR1);
}

/* The next signal, 0 when the time has come instead. */
static int next_signal(double until, siginfo_t *info)
{
    sigset_t set;
    daemon_signals(&set);
    double left = until - now();
    struct timespec span = as_timespec(left < TICK ? left : TICK);
    int signal = sigtimedwait(&set, info, &span);
    if (root_is_gone())
        _exit(RC_ERROR);
    return signal > 0 ? signal : 0;
}

/* Ends the children, the last one started first, each only when the one before is gone. */
static void stop_children(struct daemon *daemon, const char *leave)
{
    for (int i = daemon->count - 1; i >= 0; i--) {
        struct child *child = &daemon->children[i];
        if (listed(leave, child->name, i))
            continue;
        if (child->pid != 0)
            kill(child->pid, SIGTERM);
        while (child->pid != 0) {
            siginfo_t info;
            next_signal(now() + TICK, &info);
            reap(daemon);
        }
    }
}

__attribute__((noreturn)) static void end_service(struct daemon *daemon, const char *leave)
{
    if (daemon->manager) {
        stop_children(daemon, leave);
        if (daemon->group == BASE || daemon->group == AJS)
            record_writer(daemon->group, daemon->host, getpid(), "stop");
    }
    _exit(0);
}

/* Reads what may have changed since the start: called at the start and upon SIGUSR1. */
static void read_fate(struct daemon *daemon)
{
    struct entry *behaviour = daemon_behaviour(daemon);
    double die = number_of(behaviour, "die", -1);
    daemon->dies_at = die < 0 ? FOREVER * 2 + now() : now() + die;
    bool hang = flag_of(behaviour, "hang", false);
    entries_free(behaviour);
    if (hang)
        raise(SIGSTOP);
}

static void asked_to_end(struct daemon *daemon, const siginfo_t *info)
{
    struct entry *behaviour = daemon_behaviour(daemon);
    bool ignores = flag_of(behaviour, "ignore_term", false);
    double delay = number_of(behaviour, "stop_delay", 0);
    entries_free(behaviour);
    if (ignores)
        return;
    pause_for(delay);
    struct entry *stop = NULL;
    /* Only the stop command queues its signal: what it leaves behind, a plain kill does not. */
    if (info->si_code == SI_QUEUE)
        stop = behaviour_of(daemon->group == AJS ? "jajs_stop.cluster" : "jbs_stop.cluster",
                            daemon->host);
    const char *leave = text_of(stop, "leave", NULL);
    bool of_main_service = leave != NULL && isdigit((unsigned char)*leave);
    end_service(daemon, of_main_service && daemon->group == EVENT ? NULL : leave);
}

static void children_ended(struct daemon *daemon)
{
    if (!reap(daemon))
        return;
    if (flag_of(daemon->record, "ha", false))
        end_service(daemon, NULL);
    for (int i = 0; i < daemon->count; i++) {
        struct child *child = &daemon->children[i];
        if (child->pid != 0 || strncmp(child->name, "jajs_schd", 9) != 0)
            continue;
        struct entry *behaviour = daemon_behaviour(daemon);
        if (flag_of(behaviour, "auto_restart", true))
            child->pid = start_child(daemon, child);
        entries_free(behaviour);
    }
}

/* Lives until `until`, answering signals. */
static void live(struct daemon *daemon, double until)
{
    bool needs_base = false;
    if (daemon->manager && daemon->group == AJS) {
        struct entry *behaviour = daemon_behaviour(daemon);
        needs_base = strcmp(text_of(behaviour, "base_gone", "keep"), "stop") == 0;
        entries_free(behaviour);
    }
    while (now() < until) {
        double wake = until < daemon->dies_at ? until : daemon->dies_at;
        if (needs_base && wake > now() + 0.02)
            wake = now() + 0.02;
        siginfo_t info;
        int signal = next_signal(wake, &info);
        if (now() >= daemon->dies_at)
            kill(getpid(), SIGKILL);
        if (signal == SIGTERM || signal == SIGINT)
            asked_to_end(daemon, &info);
        else if (signal == SIGCHLD)
            children_ended(daemon);
        else if (signal == SIGUSR1)
            read_fate(daemon);
        if (needs_base && manager_of(BASE, daemon->host) == 0)
            end_service(daemon, NULL);
    }
}

/* The names of a list, each with a key of its own: a, b, b.2. */
static void read_children(struct daemon *daemon, const char *list)
{
    char *copy = must(strdup(list)), *rest = NULL;
    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        if (daemon->count == CHILDREN_MAX)
            break;
        int same = 1;
        for (int i = 0; i < daemon->count; i++)
            same += strcmp(daemon->children[i].name, name) == 0;
        bool own_key = same == 1 && strcmp(name, daemon->name) != 0;
        daemon->children[daemon->count++] = (struct child){
            .name = must(strdup(name)),
            .key = own_key ? must(strdup(name)) : format("%s.%d", name, same)};
    }
    free(copy);
}

static int daemon_main(const char *title)
{
    struct entry *record = entries_of_fd(RECORD_FD, NULL);
    if (text_of(record, "end", NULL) == NULL)
        return error(title, "a daemon of the stand-in; the start commands start it");
    struct daemon daemon = {.record = record, .name = text_of(record, "name", title)};
    while (strcmp(GROUP_NAME[daemon.group], text_of(record, "group", "")) != 0)
        if (++daemon.group == MACHINE)
            break;
    if (daemon.group != MACHINE)
        daemon.host = text_of(record, "host", NULL);
    daemon.manager = strcmp(text_of(record, "role", ""), "manager") == 0;
    prctl(PR_SET_NAME, daemon.name);
    signal(SIGPIPE, SIG_IGN);
    sigset_t set;
    daemon_signals(&set);
    sigprocmask(SIG_SETMASK, &set, NULL);
    read_fate(&daemon);
    if (daemon.manager) {
        struct entry *behaviour = daemon_behaviour(&daemon);
        double delay = number_of(behaviour, "manager_delay", 0);
        entries_free(behaviour);
        live(&daemon, now() + delay);
        read_children(&daemon, text_of(record, "start", ""));
        int count = daemon.count;
        for (daemon.count = 0; daemon.count < count; daemon.count++) {
            struct child *child = &daemon.children[daemon.count];
            behaviour = behaviour_of(child->name, daemon.host);
            delay = number_of(behaviour, "child_delay", 0);
            entries_free(behaviour);
            live(&daemon, now() + delay);
            child->pid = start_child(&daemon, child);
        }
        write_all(READY_FD, "R", 1);
        close(READY_FD);
    }
    for (;;)
        live(&daemon, now() + FOREVER);
}

/* ---- commands: what they share ----------------------------------------------------------- */

enum shape { HOST_ONLY, AJS_START, SPMD_STATUS, AJS_STATUS, EVENT_STATUS, QUEUE_STATUS };

struct call;
struct command {
    const char *name;
    enum group group;
    enum shape shape;
    int (*run)(struct call *call);
};

struct call {
    const struct command *command;
    const char *name;         /* of the command */
    const char *host;         /* NULL: none given */
    char *shared;             /* shared directory of the host, NULL: not defined on this node */
    double timeout;           /* -t */
    bool ha, scheduler, all;  /* -HA, -s, -a */
    struct entry *behaviour;
    int lock_fd;
};

static const char *const USAGE[] = {
    [HOST_ONLY] = "LOGICAL_HOST",
    [AJS_START] = "LOGICAL_HOST [-HA] [-cold | -warm | -hot]   (Agent: -HA only)",
    [SPMD_STATUS] = "[-h LOGICAL_HOST] [-t 0..32767]",
    [AJS_STATUS] = "[-h LOGICAL_HOST] [-t 0..32767] [-s | -a]   (-s, -a: Manager only)",
    [EVENT_STATUS] = "[LOGICAL_HOST] [-t 1..32767]",
    [QUEUE_STATUS] = "-h LOGICAL_HOST",
};

static const double CAP = -1; /* result of background work that goes on */

/* Seconds of the product's own time (its 60 s, its -t) are scaled; all others are not. */
static double scaled(const struct call *call, double seconds)
{
    return seconds * number_of(call->behaviour, "scale", 1);
}

static bool has_product(const struct entry *behaviour, const char *product)
{
    return listed(text_of(behaviour, "products", ""), product, 0);
}

static bool keeps_stdout(const struct call *call)
{
    return flag_of(call->behaviour, "keep_stdout", false);
}

static void to_null(void)
{
    int null = open("/dev/null", O_RDWR | O_CLOEXEC);
    for (int fd = STDIN_FILENO; fd <= STDERR_FILENO; fd++)
        dup2(null, fd);
}

/* Forks; in the child only, true. The child is an ordinary descendant of the command, in its
   process group unless the settings say otherwise. */
static bool go_to_background(struct call *call, pid_t *pid)
{
    fflush(NULL);
    *pid = fork();
    if (*pid != 0)
        return false;
    if (flag_of(call->behaviour, "background_setsid", false))
        setsid();
    if (!keeps_stdout(call))
        to_null();
    return true;
}

/* Does the work in a child and waits for it, at most as long as the product would: then the work
   goes on in the background. Returns the work's result, or CAP. */
static int capped(struct call *call, int (*work)(struct call *call))
{
    int channel[2];
    if (pipe2(channel, O_CLOEXEC) != 0)
        return RC_ERROR;
    pid_t pid;
    if (go_to_background(call, &pid)) {
        close(channel[0]);
        signal(SIGPIPE, SIG_IGN);
        char result = (char)work(call);
        write_all(channel[1], &result, 1);
        _exit(0);
    }
    close(channel[1]);
    double until = now() + scaled(call, number_of(call->behaviour, "cap", 60));
    struct pollfd wait = {.fd = channel[0], .events = POLLIN};
    char result = RC_ERROR;
    for (;;) {
        double left = until - now();
        int ready = poll(&wait, 1, left > 0 ? (int)(left * 1000) + 1 : 0);
        if (ready < 0 && errno == EINTR)
            continue;
        if (ready == 0)
            return (int)CAP;
        if (read(channel[0], &result, 1) != 1)
            result = RC_ERROR; /* the work was killed */
        waitpid(pid, NULL, 0);
        return result;
    }
}

/* The host is defined here and its shared directory is there; else says so. */
static bool usable(struct call *call, enum group group)
{
    if (call->shared == NULL) {
        error(call->name, "the logical host %s is not defined on this node", call->host);
        return false;
    }
    char *path = format("%s/%s", call->shared, GROUP_SHARED[group]);
    bool there = directory_exists(path);
    if (!there)
        error(call->name, "the shared directory %s is not there", path);
    free(path);
    return there;
}

/* ---- start ------------------------------------------------------------------------------- */

static void start_of_machine(struct call *call, const char *name)
{
    struct birth birth = {.group = MACHINE, .name = name, .key = name, .role = "machine",
                          .environment = "nohost", .keep_stdout = keeps_stdout(call),
                          .ready_fd = -1, .lock_fd = -1};
    bear(&birth, true);
}

static const char *children_setting(const struct call *call, enum group group)
{
    if (group == BASE)
        return text_of(call->behaviour, "base_children", "");
    if (group == EVENT)
        return text_of(call->behaviour, "event_children", "");
    return has_product(call->behaviour, "manager")
               ? text_of(call->behaviour, "manager_children", "")
               : text_of(call->behaviour, "agent_children", "");
}

/* Which of the children a half-started service starts. */
static char *children_to_start(const struct call *call, enum group group, const char *all)
{
    const char *half = text_of(call->behaviour, "half", NULL);
    const char *without = text_of(call->behaviour, "without", NULL);
    char *chosen = must(strdup("")), *copy = must(strdup(all)), *rest = NULL;
    int index = 0;
    for (char *name = strtok_r(copy, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
        bool in_half = half == NULL || group == EVENT || index < atoi(half);
        index++;
        if (!in_half || listed(without, name, INT_MAX))
            continue;
        char *longer = format("%s%s%s", chosen, *chosen ? "," : "", name);
        free(chosen);
        chosen = longer;
    }
    free(copy);
    return chosen;
}

/* Starts a manager and waits until it has started its children. */
static bool start_manager(struct call *call, enum group group)
{
    if (listed(text_of(call->behaviour, "without", NULL), GROUP_MANAGER[group], INT_MAX))
        return true;
    int channel[2];
    if (pipe2(channel, O_CLOEXEC) != 0)
        return false;
    const char *expected = children_setting(call, group);
    char *start = children_to_start(call, group, expected);
    struct birth birth = {.group = group, .host = call->host, .name = GROUP_MANAGER[group],
                          .key = GROUP_MANAGER[group], .role = "manager", .start = start,
                          .expected = expected, .environment = "host", .ha = call->ha,
                          .keep_stdout = keeps_stdout(call), .ready_fd = channel[1],
                          .lock_fd = call->lock_fd};
    pid_t pid = bear(&birth, true);
    free(start);
    close(channel[1]);
    if (pid > 0 && group != EVENT)
        record_writer(group, call->host, pid, "start");
    char ready = 0;
    while (pid > 0 && read(channel[0], &ready, 1) < 0 && errno == EINTR)
        ;
    close(channel[0]);
    return ready == 'R';
}

static int start_base_work(struct call *call)
{
    start_of_machine(call, "hntr2mon");
    bool event = start_manager(call, EVENT);
    bool base = start_manager(call, BASE);
    return event && base ? RC_OK : RC_ERROR;
}

static int start_ajs_work(struct call *call)
{
    start_of_machine(call, "ajsqlagtd");
    start_of_machine(call, "ajsqlftpd");
    return start_manager(call, AJS) ? RC_OK : RC_ERROR;
}

static int finish(struct call *call, int result, enum message done, int failure_rc)
{
    if (result == (int)CAP) {
        say(stdout, call->name, CONTINUES);
        return (int)number_of(call->behaviour, "cap_rc", 0);
    }
    say(result == RC_OK ? stdout : stderr, call->name, result == RC_OK ? done : FAILED);
    return result == RC_OK ? RC_OK : failure_rc;
}

static bool lock_shared(struct call *call, enum group group)
{
    bool refuse = strcmp(text_of(call->behaviour, "double_start", "refuse"), "allow") != 0;
    call->lock_fd = take_shared_lock(call->name, group, call->host, call->shared, refuse);
    return call->lock_fd >= 0;
}

static int start_base(struct call *call)
{
    if (!usable(call, BASE) || !lock_shared(call, BASE))
        return RC_ERROR;
    return finish(call, capped(call, start_base_work), STARTED, RC_ERROR);
}

static int show_ajs(struct call *call);

static int start_ajs(struct call *call)
{
    if (getenv("AJSMANAGERHOST") != NULL)
        return error(call->name, "AJSMANAGERHOST is set; unset it before JP1/AJS3 is started");
    if (!usable(call, AJS) || !lock_shared(call, AJS))
        return RC_ERROR;
    int rc = (int)number_of(call->behaviour, "ajs_fail_rc", 0);
    if (flag_of(call->behaviour, "ajs_needs_base", true) && manager_of(BASE, call->host) == 0)
        error(call->name, "JP1/Base of %s is not running; nothing was started", call->host);
    else
        rc = finish(call, capped(call, start_ajs_work), STARTED, rc);
    show_ajs(call);
    return rc;
}

/* ---- stop -------------------------------------------------------------------------------- */

/* Asks the manager to end and waits until it has, which is after its children. */
static int stop_group(struct call *call, enum group group)
{
    pid_t manager = manager_of(group, call->host);
    const char *leave = text_of(call->behaviour, "leave", NULL);
    if (listed(leave, GROUP_MANAGER[group], INT_MAX))
        return RC_OK;
    if (manager == 0)
        return living(group, call->host, 0) == 0 ? RC_OK : RC_ERROR; /* nobody to ask */
    sigqueue(manager, SIGTERM, (union sigval){.sival_int = 1});
    while (manager_of(group, call->host) == manager && !root_is_gone())
        pause_for(LOOK);
    return RC_OK;
}

static int open_host_lock(void)
{
    char *path = format("%s/opt/lab/run/host.lock", root);
    int fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
    free(path);
    return fd;
}

/* The inner work that must not meet a jbs_spmd_status: it waits for it a moment, then goes on. */
static int stop_base_work(struct call *call)
{
    int lock = open_host_lock();
    double until = now() + number_of(call->behaviour, "clash_wait", 1);
    while (flock(lock, LOCK_EX | LOCK_NB) != 0 && now() < until)
        pause_for(LOOK);
    int base = stop_group(call, BASE);
    close(lock);
    int event = stop_group(call, EVENT);
    return base == RC_OK ? event : base;
}

static int stop_ajs_work(struct call *call)
{
    return stop_group(call, AJS);
}

static int stop(struct call *call)
{
    enum group group = call->command->group;
    if (!usable(call, group))
        return RC_ERROR;
    bool up = living(group, call->host, 0) != 0;
    if (group == BASE)
        up = up || living(EVENT, call->host, 0) != 0;
    if (!up) {
        say(stdout, call->name, ALL_DOWN);
        return (int)number_of(call->behaviour, "stop_down_rc", 0);
    }
    int result = capped(call, group == BASE ? stop_base_work : stop_ajs_work);
    return finish(call, result, STOPPED, RC_ERROR);
}

/* ---- forced stop ------------------------------------------------------------------------- */

/* SIGKILL for one group of one host: the manager first, then, until none is found, the rest. */
static void kill_group(enum group group, const char *host)
{
    pid_t manager = manager_of(group, host);
    double until = now() + 10;
    if (manager != 0)
        kill(manager, SIGKILL);
    while (manager != 0 && manager_of(group, host) == manager && now() < until)
        pause_for(LOOK);
    while (living(group, host, SIGKILL) > 0 && now() < until)
        pause_for(LOOK);
    if (manager != 0 && group != EVENT)
        record_writer(group, host, manager, "killed");
}

/* Kills what matches now. JP1/AJS3 compares the first 15 bytes of the logical host's name: it
   hits other hosts whose names begin alike. */
static void sweep(struct call *call)
{
    if (call->command->group == BASE) {
        kill_group(BASE, call->host);
        kill_group(EVENT, call->host);
        return;
    }
    char *path = format("%s/opt/lab/run/%s", root, GROUP_NAME[AJS]);
    DIR *hosts = opendir(path);
    free(path);
    if (hosts == NULL)
        return;
    for (struct dirent *item; (item = readdir(hosts)) != NULL;)
        if (strncmp(item->d_name, call->host, AJS_KILL_MATCH) == 0)
            kill_group(AJS, item->d_name);
    closedir(hosts);
}

static int killall(struct call *call)
{
    double delay = number_of(call->behaviour, "kill_delay", 0);
    double again = number_of(call->behaviour, "kill_again", 0);
    if (delay <= 0)
        sweep(call);
    say(stdout, call->name, delay <= 0 ? FORCED : FORCING);
    pid_t pid;
    if ((delay > 0 || again > 0) && go_to_background(call, &pid)) {
        double began = now();
        if (delay > 0) {
            pause_for(delay);
            sweep(call);
        }
        if (again > 0) {
            pause_for(began + again - now());
            sweep(call);
        }
        _exit(0);
    }
    return RC_OK;
}

/* ---- status ------------------------------------------------------------------------------ */

struct count {
    int expected, alive;
};

static void show(const char *name, pid_t pid)
{
    if (strcmp(name, "jbsplugind") == 0)
        name = "jbsplugin"; /* as the product's command names it */
    if (pid != 0)
        printf(MARK "  %-24s %8d  active\n", name, (int)pid);
    else
        printf(MARK "  %-24s %8s  inactive\n", name, "-");
}

/* Prints and counts the processes of a group; `blind` is the beginning of the names that do not
   count. A manager that is down answers for none of its children, alive or not. */
static struct count count_group(struct call *call, enum group group, const char *blind, bool print)
{
    struct count count = {0, 0};
    pid_t manager = call->host == NULL ? 0 : manager_of(group, call->host);
    struct entry *record = manager == 0 ? NULL : record_of(group, call->host, GROUP_MANAGER[group]);
    const char *all = text_of(record, "expected", children_setting(call, group));
    struct daemon names = {.name = GROUP_MANAGER[group], .host = call->host};
    read_children(&names, all);
    if (print) {
        say(stdout, call->name, TITLE);
        show(GROUP_MANAGER[group], manager);
    }
    count.expected = 1;
    count.alive = manager != 0;
    for (int i = 0; i < names.count; i++) {
        const char *name = names.children[i].name;
        pid_t pid = manager == 0 ? 0 : holder(group, call->host, names.children[i].key);
        if (print)
            show(name, pid);
        if (blind != NULL && strncmp(name, blind, strlen(blind)) == 0)
            continue;
        count.expected++;
        count.alive += pid != 0;
    }
    entries_free(record);
    return count;
}

/* A stopped (SIGSTOP) manager does not answer: waits for it, at most `seconds`. */
static bool answers(pid_t manager, double seconds)
{
    char *path = format("/proc/%d/stat", (int)manager);
    double until = now() + seconds;
    bool answer;
    for (;;) {
        char text[512] = "";
        int fd = open(path, O_RDONLY | O_CLOEXEC);
        if (fd >= 0) {
            if (read(fd, text, sizeof text - 1) < 0)
                text[0] = '\0';
            close(fd);
        }
        const char *after_name = strrchr(text, ')');
        answer = after_name == NULL || strchr("Tt", after_name[2]) == NULL;
        if (answer || now() >= until)
            break;
        pause_for(LOOK);
    }
    free(path);
    return answer;
}

static int status_result(struct call *call, struct count count)
{
    int rc = count.alive == count.expected ? RC_OK : count.alive > 0 ? RC_PARTIAL : RC_DOWN;
    say(stdout, call->name, rc == RC_OK ? ALL_UP : rc == RC_PARTIAL ? SOME_UP : ALL_DOWN);
    return rc;
}

static int no_answer(struct call *call)
{
    say(stderr, call->name, NO_ANSWER);
    return RC_ERROR;
}

/* The state of a manager and its children, asked of the manager. */
static int spmd_status(struct call *call, enum group group, const char *blind, double patience)
{
    if (call->host != NULL && !usable(call, group))
        return RC_ERROR;
    pid_t manager = call->host == NULL ? 0 : manager_of(group, call->host);
    if (manager != 0 && !answers(manager, patience))
        return no_answer(call);
    int down_rc = (int)number_of(call->behaviour, "down_rc", RC_DOWN);
    if (manager == 0 && down_rc == RC_ERROR)
        return no_answer(call);
    int rc = status_result(call, count_group(call, group, blind, true));
    return rc == RC_DOWN ? down_rc : rc;
}

static int status_base(struct call *call)
{
    return spmd_status(call, BASE, NULL, scaled(call, call->timeout));
}

/* Its -t counts for each process, and it cannot see the scheduler alone dying. */
static int status_ajs(struct call *call)
{
    int processes = 1;
    for (const char *at = children_setting(call, AJS); *at != '\0'; at += strspn(at, ",")) {
        processes++;
        at += strcspn(at, ",");
    }
    return spmd_status(call, AJS, "jajs_schd", scaled(call, call->timeout) * processes);
}

/* The status as jajs_start.cluster prints it. */
static int show_ajs(struct call *call)
{
    return status_result(call, count_group(call, AJS, "jajs_schd", true));
}

static int status_event(struct call *call)
{
    if (call->host != NULL && !usable(call, EVENT))
        return RC_ERROR;
    pid_t manager = call->host == NULL ? 0 : manager_of(EVENT, call->host);
    if (manager == 0)
        return status_result(call, count_group(call, EVENT, NULL, true));
    struct entry *record = record_of(EVENT, call->host, GROUP_MANAGER[EVENT]);
    double age = now() - number_of(record, "started", 0);
    entries_free(record);
    bool early = age < number_of(call->behaviour, "event_server_delay", 0);
    if (early || !answers(manager, scaled(call, call->timeout))) {
        say(stderr, call->name, EVENT_SERVER);
        return RC_RETRY;
    }
    return status_result(call, count_group(call, EVENT, NULL, true));
}

static void show_queueless(const char *service, const char *daemon)
{
    const char *state = holder(MACHINE, NO_HOST, daemon) != 0 ? "active" : "inactive";
    printf("%-32s: %s\n", service, state);
}

/* Text only, one line for each service, as field scripts read them. The two are the machine's. */
static int status_queue(struct call *call)
{
    if (!usable(call, AJS))
        return RC_ERROR;
    say(stdout, call->name, TITLE);
    show_queueless("Queueless agent service", "ajsqlagtd");
    show_queueless("Queueless file transfer service", "ajsqlftpd");
    return RC_OK;
}

/* ---- the command line -------------------------------------------------------------------- */

static const struct command COMMANDS[] = {
    {"jbs_start.cluster", BASE, HOST_ONLY, start_base},
    {"jbs_stop.cluster", BASE, HOST_ONLY, stop},
    {"jbs_killall.cluster", BASE, HOST_ONLY, killall},
    {"jbs_spmd_status", BASE, SPMD_STATUS, status_base},
    {"jevstat", EVENT, EVENT_STATUS, status_event},
    {"jajs_start.cluster", AJS, AJS_START, start_ajs},
    {"jajs_stop.cluster", AJS, HOST_ONLY, stop},
    {"jajs_killall.cluster", AJS, HOST_ONLY, killall},
    {"jajs_spmd_status", AJS, AJS_STATUS, status_ajs},
    {"ajsqlstatus", AJS, QUEUE_STATUS, status_queue},
};

static const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < sizeof COMMANDS / sizeof *COMMANDS; i++)
        if (strcmp(COMMANDS[i].name, name) == 0)
            return &COMMANDS[i];
    return NULL;
}

static bool proper_host(const struct call *call)
{
    size_t length = strlen(call->host);
    if (length == 0 || length > (call->command->group == AJS ? AJS_HOST_MAX : HOST_MAX))
        return false;
    return strchr("-.", call->host[0]) == NULL && strpbrk(call->host, "/@=\n\t") == NULL;
}

static bool read_timeout(struct call *call, const char *text, long least)
{
    char *end = NULL;
    if (text == NULL || !isdigit((unsigned char)*text))
        return false;
    errno = 0;
    long seconds = strtol(text, &end, 10);
    call->timeout = (double)seconds;
    return errno == 0 && *end == '\0' && seconds >= least && seconds <= 32767;
}

/* Reads the arguments; false where their shape is not the product's. */
static bool parse(struct call *call, char **arguments)
{
    enum shape shape = call->command->shape;
    bool positional = shape == HOST_ONLY || shape == AJS_START || shape == EVENT_STATUS;
    bool manager = has_product(call->behaviour, "manager");
    char **at = arguments;
    if (positional && *at != NULL && **at != '-')
        call->host = *at++;
    bool seen_time = false, seen_start_mode = false;
    for (; *at != NULL; at++) {
        const char *option = *at;
        bool timed = shape == SPMD_STATUS || shape == AJS_STATUS || shape == EVENT_STATUS;
        if (strcmp(option, "-h") == 0 && !positional && call->host == NULL && at[1] != NULL)
            call->host = *++at;
        else if (strcmp(option, "-t") == 0 && timed && !seen_time &&
                 read_timeout(call, at[1], shape == EVENT_STATUS ? 1 : 0))
            seen_time = (at++, true);
        else if (strcmp(option, "-s") == 0 && shape == AJS_STATUS && manager && !call->all)
            call->scheduler = true;
        else if (strcmp(option, "-a") == 0 && shape == AJS_STATUS && manager && !call->scheduler)
            call->all = true;
        else if (strcmp(option, "-HA") == 0 && shape == AJS_START)
            call->ha = true;
        else if (shape == AJS_START && manager && !seen_start_mode &&
                 (strcmp(option, "-cold") == 0 || strcmp(option, "-warm") == 0 ||
                  strcmp(option, "-hot") == 0))
            seen_start_mode = true;
        else
            return false;
    }
    bool required = shape == HOST_ONLY || shape == AJS_START || shape == QUEUE_STATUS;
    if (call->host == NULL && required)
        return false;
    if (call->host == NULL) {
        const char *selected = getenv("JP1_HOSTNAME");
        call->host = selected != NULL && *selected != '\0' ? selected : NULL;
    }
    return call->host == NULL || proper_host(call);
}

static void flood(const char *amount)
{
    char line[1024];
    memset(line, 'x', sizeof line);
    memcpy(line, MARK, strlen(MARK));
    line[sizeof line - 1] = '\n';
    double left = strcmp(amount, "endless") == 0 ? 1e300 : strtod(amount, NULL);
    fflush(stdout);
    for (; left > 0; left -= sizeof line) {
        size_t length = left < (double)sizeof line ? (size_t)left : sizeof line;
        if (!write_all(STDOUT_FILENO, line, length))
            return;
    }
}

/* Bytes that are text in no encoding, with a terminal's escape sequence and a NUL among them. */
static void garbage(void)
{
    static const char BYTES[] = MARK "\xff\xfe\x80\x95 \x1b]0;title\x07\x1b[2J\0\r\xe3\x81\n";
    fwrite(BYTES, 1, sizeof BYTES - 1, stdout);
}

/* What is wrong before the work. True: the command is over, with *rc. */
static bool fails_before(struct call *call, int *rc)
{
    const struct entry *behaviour = call->behaviour;
    const char *text = text_of(behaviour, "text", NULL);
    if (flag_of(behaviour, "ignore_term", false)) {
        signal(SIGTERM, SIG_IGN);
        signal(SIGINT, SIG_IGN);
        signal(SIGHUP, SIG_IGN);
    }
    pause_for(number_of(behaviour, "slow", 0));
    const char *hang = text_of(behaviour, "hang", "");
    if (strcmp(hang, "before") == 0 || strcmp(hang, "1") == 0)
        pause_for(FOREVER);
    if (number_of(behaviour, "signal", 0) > 0)
        raise((int)number_of(behaviour, "signal", 0));
    if (flag_of(behaviour, "refuse", false)) {
        say(stderr, call->name, REFUSED);
        *rc = (int)number_of(behaviour, "rc", RC_ERROR);
        return true;
    }
    if (text != NULL || flag_of(behaviour, "nothing", false)) {
        printf(MARK "%s: %s\n", call->name, text != NULL ? text : "nothing was done");
        *rc = (int)number_of(behaviour, "rc", 0);
        return true;
    }
    return false;
}

/* What is wrong after the work. */
static int fails_after(struct call *call, int rc)
{
    const struct entry *behaviour = call->behaviour;
    const char *amount = text_of(behaviour, "flood", NULL);
    if (flag_of(behaviour, "garbage", false))
        garbage();
    if (amount != NULL)
        flood(amount);
    if (strcmp(text_of(behaviour, "hang", ""), "after") == 0) {
        fflush(stdout);
        pause_for(FOREVER);
    }
    return (int)number_of(behaviour, "rc", rc);
}

static int run_command(struct call *call)
{
    int rc = RC_OK;
    int lock = -1;
    if (call->command->run == status_base) {
        lock = open_host_lock();
        if (lock >= 0 && flock(lock, LOCK_EX | LOCK_NB) != 0) {
            say(stderr, call->name, BUSY);
            return RC_RETRY;
        }
    }
    if (!fails_before(call, &rc)) {
        enum shape shape = call->command->shape;
        if (shape != HOST_ONLY && shape != AJS_START)
            pause_for(number_of(call->behaviour, "status_time", 0));
        call->shared = call->host == NULL ? NULL : shared_directory(call->host);
        rc = fails_after(call, call->command->run(call));
    }
    if (lock >= 0)
        close(lock);
    return rc;
}

/* One line in ROOT/opt/lab/calls: time (CLOCK_MONOTONIC), begin or end, pid, command, host. A
   command that is killed leaves no end. */
static void record_call(const struct call *call, const char *event)
{
    char *path = format("%s/opt/lab/calls", root);
    int fd = open(path, O_WRONLY | O_APPEND | O_CREAT | O_CLOEXEC, 0644);
    free(path);
    if (fd < 0)
        return;
    char *line = format("%.4f\t%s\t%d\t%s\t%s\n", now(), event, (int)getpid(), call->name,
                        call->host != NULL ? call->host : NO_HOST);
    write_all(fd, line, strlen(line));
    free(line);
    close(fd);
}

static int command_main(const struct command *command, char **arguments)
{
    struct call call = {.command = command, .name = command->name, .timeout = 60, .lock_fd = -1};
    call.behaviour = behaviour_of(command->name, NULL);
    if (!parse(&call, arguments))
        return error(call.name, "usage: %s %s", call.name, USAGE[command->shape]);
    if (geteuid() != 0 && !flag_of(call.behaviour, "allow_user", false))
        return error(call.name, "only root may run this command");
    if (command->group == AJS && !has_product(call.behaviour, "manager") &&
        !has_product(call.behaviour, "agent"))
        return error(call.name, "JP1/AJS3 is not installed here");
    entries_free(call.behaviour);
    call.behaviour = behaviour_of(command->name, call.host);
    bool recorded = flag_of(call.behaviour, "record_calls", false);
    if (recorded)
        record_call(&call, "begin");
    int rc = run_command(&call);
    if (recorded)
        record_call(&call, "end");
    return rc;
}

/* The root is what remains of this binary's path without the part that is always the same. */
static bool find_root(void)
{
    static char path[PATH_MAX + 1];
    ssize_t length = readlink("/proc/self/exe", path, PATH_MAX);
    if (length <= 0)
        return false;
    path[length] = '\0';
    char *slash = strrchr(path, '/');
    own_name = slash + 1;
    size_t tail = strlen(COMMAND_BINARY);
    if ((size_t)length >= tail && strcmp(path + length - tail, COMMAND_BINARY) == 0) {
        path[(size_t)length - tail] = '\0';
        root = path;
        return true;
    }
    *slash = '\0';
    for (enum group group = BASE; group <= AJS; group++) {
        size_t bin = strlen(GROUP_BIN[group]), all = strlen(path);
        if (all >= bin && strcmp(path + all - bin, GROUP_BIN[group]) == 0) {
            path[all - bin] = '\0';
            root = path;
            return true;
        }
    }
    return false;
}

static void reset_signals(void)
{
    for (int number = 1; number < NSIG; number++)
        signal(number, SIG_DFL);
    sigset_t none;
    sigemptyset(&none);
    sigprocmask(SIG_SETMASK, &none, NULL);
}

int main(int argc, char **argv)
{
    if (!find_root())
        return error("jp1-stand-in", "this file must lie beneath an installed root");
    const char *called = argc > 0 ? argv[0] : "";
    const char *slash = strrchr(called, '/');
    called = slash != NULL ? slash + 1 : called;
    bool is_command_binary = strcmp(own_name, strrchr(COMMAND_BINARY, '/') + 1) == 0;
    reset_signals();
    if (!is_command_binary && command_named(own_name) == NULL)
        return daemon_main(own_name);
    const struct command *command = command_named(is_command_binary ? called : own_name);
    if (command != NULL)
        return command_main(command, argv + 1);
    command = argc > 1 ? command_named(argv[1]) : NULL;
    if (command == NULL)
        return error("jp1-stand-in", "usage: jp1-stand-in COMMAND ARGUMENT...");
    return command_main(command, argv + 2);
}
