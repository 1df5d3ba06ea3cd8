/* Feeds every file of a corpus to a fuzz target once: what a fuzzer found stays found.
 *
 * usage: fuzz_<target> file-or-directory... */
#include <dirent.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int replay_file(const char *path)
{
    FILE *file = fopen(path, "rb");
    if (file == NULL) {
        perror(path);
        return -1;
    }
    uint8_t *data = NULL;
    size_t size = 0;
    for (size_t got = 1; got > 0; size += got) {
        uint8_t *larger = realloc(data, size + 65536);
        if (larger == NULL)
            abort();
        data = larger;
        got = fread(data + size, 1, 65536, file);
    }
    (void)fclose(file);

    /* exactly its size, so that a sanitizer sees one byte too many */
    uint8_t *exact = malloc(size > 0 ? size : 1);
    if (exact == NULL)
        abort();
    memcpy(exact, data, size);
    free(data);
    (void)LLVMFuzzerTestOneInput(exact, size);
    free(exact);
    return 0;
}

static int replay_directory(const char *path)
{
    DIR *directory = opendir(path);
    if (directory == NULL)
        return replay_file(path);

    int count = 0;
    for (const struct dirent *entry; (entry = readdir(directory)) != NULL;) {
        char file[4096];
        if (entry->d_name[0] == '.')
            continue;
        (void)snprintf(file, sizeof file, "%s/%s", path, entry->d_name);
        if (replay_file(file) != 0) {
            (void)closedir(directory);
            return -1;
        }
        count++;
    }
    (void)closedir(directory);
    if (count == 0)
        (void)fprintf(stderr, "%s: nothing to replay\n", path);
    return count > 0 ? 0 : -1;
}

int main(int argc, char **argv)
{
    int failed = argc < 2;
    for (int i = 1; i < argc; i++)
        failed |= replay_directory(argv[i]) != 0;
    return failed;
}
