/* exchange ONE OTHER SECONDS: exchange two names again and again, every 30 microseconds. */
#define _GNU_SOURCE
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#ifndef RENAME_EXCHANGE
#define RENAME_EXCHANGE 2
#endif

int main(int count, char **words)
{
    (void)count;
    time_t until = time(NULL) + atol(words[3]);
    struct timespec pause = {0, 30000};
    while (time(NULL) < until) {
        if (renameat2(AT_FDCWD, words[1], AT_FDCWD, words[2], RENAME_EXCHANGE)) return 2;
        nanosleep(&pause, NULL);
    }
    return 0;
}
