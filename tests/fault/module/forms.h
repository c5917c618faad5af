/* How a token wants its PIN, where that is not the plain C_Login with what was typed on the PC. The environment of
 * the process that loads the module names:
 *   FAULTY_LOGIN    the form, one of those below; without it every call is passed on as it is
 *   FAULTY_SECRET   the secret that belongs to the form
 *   FAULTY_OFFICER  the officer's PIN, for the form that needs one
 *   FAULTY_TYPED    a file with what a person types away from the PC's keyboard: a line for each time she is asked
 *
 * The forms:
 *   pad        CKF_PROTECTED_AUTHENTICATION_PATH: C_Login, C_SetPIN and C_InitPIN take no PIN, and ask for it on
 *              the reader; CKR_FUNCTION_CANCELED where no line is left, CKR_ARGUMENTS_BAD where they are given one
 *   dialog     the same in a window of the module's own, of which no flag tells
 *   second     a login for one signature (CKU_CONTEXT_SPECIFIC) wants FAULTY_SECRET, and no longer the user's PIN
 *   signed-in  the module logs in with FAULTY_SECRET as soon as a session is opened, as single sign-on does
 *   puk        C_SetPIN without a login takes FAULTY_SECRET for the old PIN, and nothing else
 *   mute       a wrong PIN is CKR_GENERAL_ERROR
 *   single     one session at a time: CKR_SESSION_COUNT for another
 */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { USER = 1, OFFICER = 0, CONTEXT_SPECIFIC = 2 };
enum { ARGUMENTS_BAD = 0x07, FUNCTION_CANCELED = 0x50, PIN_INCORRECT = 0xA0, SESSION_COUNT = 0xB1 };

/* Octets before flags in CK_TOKEN_INFO, and the flag. */
#define FLAGS_AT (32 + 32 + 16 + 16)
#define PROTECTED_AUTHENTICATION_PATH 0x100

typedef struct {
    char octets[64];
    Word length;
} Secret;

static int form_is(const char *word) {
    const char *form = getenv("FAULTY_LOGIN");
    return form && !strcmp(form, word);
}

static int asks_elsewhere(void) {
    return form_is("pad") || form_is("dialog");
}

/* What the person types next; 0 where she types nothing. */
static int typed(Secret *secret) {
    const char *path = getenv("FAULTY_TYPED");
    FILE *lines = path ? fopen(path, "r+e") : NULL;
    char rest[256];
    size_t left;
    if (!lines)
        return 0;
    int found = fgets(secret->octets, sizeof secret->octets, lines) != NULL;
    left = fread(rest, 1, sizeof rest, lines);
    fclose(lines);
    if ((lines = fopen(path, "we"))) {
        fwrite(rest, 1, left, lines);
        fclose(lines);
    }
    secret->length = found ? strcspn(secret->octets, "\n") : 0;
    return found;
}

/* The PIN of a call: the one that it was given, or the one that is asked for elsewhere. */
static Word settle(Word *pin, Word *length, Secret *elsewhere) {
    if (!asks_elsewhere())
        return OK;
    if (*pin)
        return ARGUMENTS_BAD;
    if (!typed(elsewhere))
        return FUNCTION_CANCELED;
    *pin = (Word)elsewhere->octets;
    *length = elsewhere->length;
    return OK;
}

static int is_secret(const char *name, Word pin, Word length) {
    const char *wanted = getenv(name);
    return wanted && pin && strlen(wanted) == length && !memcmp((char *)pin, wanted, length);
}

static Word log_in_as(Word session, Word who, const char *name) {
    char *secret = getenv(name);
    return real->functions[AT_C_Login](session, who, (Word)secret, secret ? strlen(secret) : 0, 0, 0, 0, 0);
}

static Word log_in(Word session, Word who, Word pin, Word length) {
    static Secret users;
    Secret elsewhere;
    Word rv = settle(&pin, &length, &elsewhere);
    if (rv != OK)
        return rv;
    if (form_is("second") && who == CONTEXT_SPECIFIC) {
        if (!is_secret("FAULTY_SECRET", pin, length))
            return PIN_INCORRECT;
        pin = (Word)users.octets;
        length = users.length;
    }
    rv = real->functions[AT_C_Login](session, who, pin, length, 0, 0, 0, 0);
    if (rv == OK && who == USER && pin && length <= sizeof users.octets) {
        memcpy(users.octets, (char *)pin, length);
        users.length = length;
    }
    return form_is("mute") && rv == PIN_INCORRECT ? GENERAL_ERROR : rv;
}

static Word set_pin(Word session, Word old, Word old_length, Word new, Word new_length) {
    Secret first, second;
    Word rv = settle(&old, &old_length, &first);
    if (rv == OK)
        rv = settle(&new, &new_length, &second);
    if (rv != OK)
        return rv;
    if (!form_is("puk"))
        return real->functions[AT_C_SetPIN](session, old, old_length, new, new_length, 0, 0, 0);
    if (!is_secret("FAULTY_SECRET", old, old_length))
        return PIN_INCORRECT;
    rv = log_in_as(session, OFFICER, "FAULTY_OFFICER");
    if (rv == OK) {
        rv = real->functions[AT_C_InitPIN](session, new, new_length, 0, 0, 0, 0, 0);
        real->functions[AT_C_Logout](session, 0, 0, 0, 0, 0, 0, 0);
    }
    return rv;
}

/* Pass a call on, in the token's form. */
static Word formed(int which, Word a, Word b, Word c, Word d, Word e, Word f, Word g, Word h) {
    static int sessions;
    Secret elsewhere;
    Word rv;
    switch (getenv("FAULTY_LOGIN") ? which : -1) {
    case AT_C_OpenSession: /* slotID, flags, pApplication, Notify, phSession */
        if (form_is("single") && sessions)
            return SESSION_COUNT;
        break;
    case AT_C_Login: /* hSession, userType, pPin, ulPinLen */
        return log_in(a, b, c, d);
    case AT_C_SetPIN: /* hSession, pOldPin, ulOldLen, pNewPin, ulNewLen */
        return set_pin(a, b, c, d, e);
    case AT_C_InitPIN: /* hSession, pPin, ulPinLen */
        rv = settle(&b, &c, &elsewhere);
        return rv == OK ? real->functions[which](a, b, c, d, e, f, g, h) : rv;
    }
    rv = real->functions[which](a, b, c, d, e, f, g, h);
    if (rv == OK && (which == AT_C_OpenSession || which == AT_C_CloseSession))
        sessions += which == AT_C_OpenSession ? 1 : -1;
    if (rv == OK && which == AT_C_GetTokenInfo && form_is("pad")) /* slotID, pInfo */
        *(Word *)(b + FLAGS_AT) |= PROTECTED_AUTHENTICATION_PATH;
    if (rv == OK && which == AT_C_OpenSession && form_is("signed-in")) /* ..., phSession */
        log_in_as(*(Word *)e, USER, "FAULTY_SECRET");
    return rv;
}
