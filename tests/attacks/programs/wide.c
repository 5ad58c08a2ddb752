/* wide environment|arguments MIB MARK...: declare MIB megabytes of untouched memory as the environment
 * or the arguments, the MARKs at its beginning, and sleep. PR_SET_MM_MAP needs no privilege.
 * wide page MIB FILE: declare pages of FILE that lie beyond its end as the environment. */
#include <fcntl.h>
#include <linux/prctl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <unistd.h>

static unsigned long field(int wanted)
{
    char line[4096];
    FILE *stat = fopen("/proc/self/stat", "r");
    if (!stat || !fgets(line, sizeof line, stat)) exit(2);
    fclose(stat);
    char *word = strrchr(line, ')') + 2;
    for (int number = 3; number < wanted; number++) word = strchr(word, ' ') + 1;
    return strtoul(word, NULL, 10);
}

int main(int count, char **words)
{
    size_t size = strtoul(words[2], NULL, 10) << 20;
    int arguments = words[1][0] == 'a', page = words[1][0] == 'p', file = -1;
    if (page && (file = open(words[3], O_RDWR | O_CREAT, 0644)) >= 0)
        if (ftruncate(file, size)) return 2;
    char *wide = mmap(NULL, size, PROT_READ | PROT_WRITE,
                      MAP_PRIVATE | MAP_NORESERVE | (page ? 0 : MAP_ANONYMOUS), file, 0);
    if (wide == MAP_FAILED) return 2;
    char *end = wide;
    if (page && ftruncate(file, 0)) return 2;
    for (int number = 3; number < count && !page; number++) end = stpcpy(end, words[number]) + 1;
    struct prctl_mm_map map = {
        .start_code = field(26), .end_code = field(27), .start_data = field(45),
        .end_data = field(46), .start_brk = field(47), .brk = (unsigned long)sbrk(0),
        .start_stack = field(28), .arg_start = field(48), .arg_end = field(49),
        .env_start = (unsigned long)wide, .env_end = (unsigned long)wide + size,
        .exe_fd = (unsigned int)-1,
    };
    if (arguments) {
        map.env_start = field(50);
        map.env_end = field(51);
        map.arg_start = (unsigned long)wide;
        map.arg_end = (unsigned long)wide + size;
    }
    if (prctl(PR_SET_MM, PR_SET_MM_MAP, &map, sizeof map, 0)) { perror("PR_SET_MM_MAP"); return 2; }
    puts("ready");
    fflush(stdout);
    sleep(300);
    return 0;
}
