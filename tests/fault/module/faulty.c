/* A PKCS #11 module that passes every call on to a real one, and fails on cue.
 *
 *   gcc -shared -fPIC -o faulty.so faulty.c -ldl
 *
 * The environment of the process that loads it names:
 *   FAULTY_MODULE   the real module
 *   FAULTY_RULES    what goes wrong; read anew at each call, and a missing file means that nothing does
 *   FAULTY_LOG      gets the name of each function as it is entered, and the process id, one call a line
 *
 * A rule is a line "function nth fault argument": nth counts this function's calls in this process from 1, and
 * 0 means each of them. The function "load" stands for the time while the library is loaded. The faults:
 *   rv N         return the CK_RV N; the real module is not asked, and what it has open stays open
 *   sleep MS     wait, then pass the call on
 *   banner       print a line to stdout, then pass the call on
 *   hang         never return
 *   crash        die of SIGSEGV
 *   exit N       end the process
 *   memory MIB   ask for that much and write to all of it, then pass the call on; CKR_HOST_MEMORY where it is
 *                refused, and while the library is loaded, an abort
 *   fork         leave a child that holds every descriptor for a minute, then pass the call on
 *   signature    pass the call on, then change one bit of the signature (C_Sign)
 *   flags N      pass the call on, then set these bits in the token's flags (C_GetTokenInfo)
 *   lengths      pass the call on, then give lengths that nothing in the buffers agrees with
 *
 * How the token wants its PIN is another matter, and stands in forms.h.
 *
 * Arguments are handed through as eight machine words, which no function of Cryptoki exceeds; that is sound
 * where the caller clears the stack and words fill registers (System V x86-64, AArch64).
 */
#include "functions.h"

#include <dlfcn.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

typedef unsigned long Word; /* CK_ULONG, CK_RV, or a pointer */
typedef Word (*Function)(Word, Word, Word, Word, Word, Word, Word, Word);

enum { OK = 0, HOST_MEMORY = 2, GENERAL_ERROR = 5 };

/* Octets before ulMaxPinLen and ulMinPinLen in CK_TOKEN_INFO: 32 + 32 + 16 + 16 of text, then flags and four
 * numbers of sessions (PKCS #11 v2.40 §3.2). */
#define TOKEN_FLAGS_AT (32 + 32 + 16 + 16)
#define PIN_LENGTHS_AT (TOKEN_FLAGS_AT + 5 * sizeof(Word))
#define ABSURD ((Word)1 << 62)

typedef struct {
    Word kind;
    void *value;
    Word length;
} Attribute; /* CK_ATTRIBUTE */

typedef struct {
    unsigned char version[2];
    Function functions[68];
} FunctionList; /* CK_FUNCTION_LIST */

typedef struct {
    char fault[16];
    Word argument;
} Rule;

#define NUMBER(name) AT_##name,
#define NUMBER_OF_THE_LIST() AT_C_GetFunctionList,
enum { CRYPTOKI_FUNCTIONS(NUMBER, NUMBER_OF_THE_LIST) };

static FunctionList *real;
static FunctionList ours;

#include "forms.h"

static void note(const char *name) {
    const char *path = getenv("FAULTY_LOG");
    int log = path ? open(path, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC, 0600) : -1;
    if (log >= 0) {
        dprintf(log, "%s %d\n", name, (int)getpid());
        close(log);
    }
}

/* The first rule for this call. */
static int look_up(const char *name, Word nth, Rule *rule) {
    const char *path = getenv("FAULTY_RULES");
    FILE *rules = path ? fopen(path, "re") : NULL;
    char line[160], function[64];
    Word wanted;
    int found = 0;
    while (rules && !found && fgets(line, sizeof line, rules)) {
        rule->argument = 0;
        found = sscanf(line, "%63s %lu %15s %li", function, &wanted, rule->fault, (long *)&rule->argument) >= 3 &&
                !strcmp(function, name) && (wanted == 0 || wanted == nth);
    }
    if (rules)
        fclose(rules);
    return found;
}

static void spoil_lengths(int which, Word b, Word c, Word d, Word e) {
    switch (which) {
    case AT_C_GetSlotList: /* tokenPresent, pSlotList, pulCount */
        *(Word *)c = ABSURD;
        break;
    case AT_C_GetTokenInfo: /* slotID, pInfo */
        ((Word *)(b + PIN_LENGTHS_AT))[0] = ABSURD;
        ((Word *)(b + PIN_LENGTHS_AT))[1] = ABSURD;
        break;
    case AT_C_GetAttributeValue: /* hSession, hObject, pTemplate, ulCount */
        for (Word i = 0; i < d; i++)
            ((Attribute *)c)[i].length = ABSURD;
        break;
    case AT_C_FindObjects: /* hSession, phObject, ulMaxObjectCount, pulObjectCount */
        *(Word *)d = ABSURD;
        break;
    case AT_C_Sign: /* hSession, pData, ulDataLen, pSignature, pulSignatureLen */
        *(Word *)e = ABSURD;
        break;
    }
}

/* Do what the rule says to the process. */
static Word suffer(const Rule *rule) {
#define FAULT(word) (!strcmp(rule->fault, word))
    if (FAULT("rv"))
        return rule->argument;
    if (FAULT("sleep"))
        usleep(1000 * rule->argument);
    if (FAULT("banner")) {
        puts("Welcome to the token!");
        fflush(stdout);
    }
    while (FAULT("hang"))
        pause();
    if (FAULT("crash"))
        raise(SIGSEGV);
    if (FAULT("exit"))
        _exit(rule->argument);
    if (FAULT("memory")) {
        char *taken = malloc(rule->argument << 20);
        if (!taken)
            return HOST_MEMORY;
        for (Word at = 0; at < rule->argument << 20; at += 4096)
            ((volatile char *)taken)[at] = 1;
    }
    if (FAULT("fork") && fork() == 0) {
        alarm(60);
        for (;;)
            pause();
    }
    return OK;
}

__attribute__((constructor)) static void load(void) {
    Rule rule;
    int faulty = look_up("load", 1, &rule);
    note("load");
    if (faulty && suffer(&rule) != OK)
        abort();
}

static Word call(int which, const char *name, Word *calls, Word a, Word b, Word c, Word d, Word e, Word f, Word g,
                 Word h) {
    Rule rule;
    int faulty = look_up(name, ++*calls, &rule);
    note(name);
    Word rv = faulty ? suffer(&rule) : OK;
    /* CKR_OK that a rule asked for is an answer too. */
    if (rv != OK || (faulty && !strcmp(rule.fault, "rv")))
        return rv;
    rv = formed(which, a, b, c, d, e, f, g, h);
    if (faulty && !strcmp(rule.fault, "signature") && rv == OK && d)
        *(unsigned char *)d ^= 1;
    if (faulty && !strcmp(rule.fault, "flags") && rv == OK)
        *(Word *)(b + TOKEN_FLAGS_AT) |= rule.argument;
    if (faulty && !strcmp(rule.fault, "lengths") && rv == OK)
        spoil_lengths(which, b, c, d, e);
    return rv;
}

#define DEFINE(name)                                                                                       \
    static Word our_##name(Word a, Word b, Word c, Word d, Word e, Word f, Word g, Word h) {               \
        static Word calls;                                                                                 \
        return call(AT_##name, #name, &calls, a, b, c, d, e, f, g, h);                                     \
    }
#define DEFINE_NO_LIST()
CRYPTOKI_FUNCTIONS(DEFINE, DEFINE_NO_LIST)

Word C_GetFunctionList(FunctionList **list) {
    if (!real) {
        const char *path = getenv("FAULTY_MODULE");
        void *library = path ? dlopen(path, RTLD_NOW | RTLD_LOCAL) : NULL;
        Word (*get)(FunctionList **) = library ? (Word(*)(FunctionList **))dlsym(library, "C_GetFunctionList") : NULL;
        Word rv = get ? get(&real) : GENERAL_ERROR;
        if (rv != OK)
            return rv;
        ours = *real;
#define REPLACE(name) ours.functions[AT_##name] = our_##name;
#define REPLACE_NO_LIST() ours.functions[AT_C_GetFunctionList] = (Function)(void *)C_GetFunctionList;
        CRYPTOKI_FUNCTIONS(REPLACE, REPLACE_NO_LIST)
    }
    *list = &ours;
    return OK;
}
