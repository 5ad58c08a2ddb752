/* on_terminal LOG COMMAND: write into LOG whether a terminal can be had: by /dev/tty, by one of the
 * first descriptors, or as a session's; type COMMAND into it. Exit code 0: as a status command, the
 * application runs. */
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

static void type_into(int terminal, const char *text)
{
    for (; *text; text++) ioctl(terminal, TIOCSTI, text);
    ioctl(terminal, TIOCSTI, "\n");
}

int main(int count, char **words)
{
    (void)count;
    char path[4200];
    snprintf(path, sizeof path, "%s.new", words[1]);
    FILE *log = fopen(path, "w");
    if (!log) return 0;
    int terminal = open("/dev/tty", O_RDWR | O_NOCTTY);
    if (terminal >= 0) {
        fprintf(log, "opened /dev/tty\n");
        type_into(terminal, words[2]);
        if (write(terminal, "\033]0;owned\007", 10) > 0) fprintf(log, "wrote to it\n");
    }
    for (int each = 0; each < 20; each++)
        if (each != terminal && each != fileno(log) && isatty(each)) {
            fprintf(log, "descriptor %d\n", each);
            type_into(each, words[2]);
        }
    fprintf(log, "done\n");
    fclose(log);
    rename(path, words[1]);
    return 0;
}
