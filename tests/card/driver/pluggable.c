/* A driver for pcscd that passes every call on to vpcd's, and lets its readers be unplugged.
 *
 *   gcc -shared -fPIC -o pluggable.so pluggable.c -ldl
 *
 * The environment of the service names:
 *   PLUGGABLE_DRIVER   the real driver
 *   PLUGGABLE_AWAY     a file: as long as it is there, the readers are unplugged
 *
 * vpcd's own readers never go: their ports listen as long as the service runs. An unplugged one answers nothing, as
 * a USB reader's driver does until the service hears of it from udev. Types are those of IFD handler 3.0; a word is
 * as wide as pcsc-lite's DWORD on Linux.
 */
#include <dlfcn.h>
#include <stdlib.h>
#include <unistd.h>

typedef unsigned long Word; /* DWORD */
typedef long Answer;        /* RESPONSECODE */
typedef struct {
    Word protocol, length;
} Header; /* SCARD_IO_HEADER */

enum { COMMUNICATION_ERROR = 612, NO_SUCH_DEVICE = 617 };

static void *real(const char *name) {
    static void *driver;
    if (!driver)
        driver = dlopen(getenv("PLUGGABLE_DRIVER"), RTLD_NOW | RTLD_LOCAL);
    return driver ? dlsym(driver, name) : NULL;
}

static int away(void) {
    const char *path = getenv("PLUGGABLE_AWAY");
    return path && access(path, F_OK) == 0;
}

/* The real function of this name, whose parameters are of these types. */
#define REAL(name, types) ((Answer(*) types)real(#name))

Answer IFDHCreateChannelByName(Word lun, char *device) {
    return away() ? NO_SUCH_DEVICE : REAL(IFDHCreateChannelByName, (Word, char *))(lun, device);
}

Answer IFDHCreateChannel(Word lun, Word channel) {
    return away() ? NO_SUCH_DEVICE : REAL(IFDHCreateChannel, (Word, Word))(lun, channel);
}

Answer IFDHCloseChannel(Word lun) {
    return REAL(IFDHCloseChannel, (Word))(lun);
}

Answer IFDHGetCapabilities(Word lun, Word tag, Word *length, unsigned char *value) {
    return REAL(IFDHGetCapabilities, (Word, Word, Word *, unsigned char *))(lun, tag, length, value);
}

Answer IFDHSetCapabilities(Word lun, Word tag, Word length, unsigned char *value) {
    return REAL(IFDHSetCapabilities, (Word, Word, Word, unsigned char *))(lun, tag, length, value);
}

Answer IFDHSetProtocolParameters(Word lun, Word protocol, unsigned char flags, unsigned char a, unsigned char b,
                                 unsigned char c) {
    return REAL(IFDHSetProtocolParameters, (Word, Word, unsigned char, unsigned char, unsigned char, unsigned char))(
        lun, protocol, flags, a, b, c);
}

Answer IFDHPowerICC(Word lun, Word action, unsigned char *atr, Word *length) {
    return away() ? COMMUNICATION_ERROR
                  : REAL(IFDHPowerICC, (Word, Word, unsigned char *, Word *))(lun, action, atr, length);
}

Answer IFDHTransmitToICC(Word lun, Header sent, unsigned char *out, Word out_length, unsigned char *in,
                         Word *in_length, Header *received) {
    if (away()) {
        *in_length = 0;
        return COMMUNICATION_ERROR;
    }
    return REAL(IFDHTransmitToICC, (Word, Header, unsigned char *, Word, unsigned char *, Word *, Header *))(
        lun, sent, out, out_length, in, in_length, received);
}

Answer IFDHControl(Word lun, Word code, unsigned char *out, Word out_length, unsigned char *in, Word in_length,
                   Word *returned) {
    return REAL(IFDHControl, (Word, Word, unsigned char *, Word, unsigned char *, Word, Word *))(
        lun, code, out, out_length, in, in_length, returned);
}

Answer IFDHICCPresence(Word lun) {
    return away() ? COMMUNICATION_ERROR : REAL(IFDHICCPresence, (Word))(lun);
}
