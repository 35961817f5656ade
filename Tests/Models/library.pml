/*
 * The two flags of a library, for spin: one row that changes CHANGES times, a node that signals, a centre that reads, and processes
 * that are killed KILLS times at any step. docs/library.md tells the protocol.
 *
 *     spin -run library.pml                  ours: no errors
 *     spin -DBOOLEAN_SIGNAL -run library.pml the signal flag as a boolean: a change is never told
 *     spin -DBOOLEAN_DATA -run library.pml   the data flag as a boolean: a change is never read
 *     spin -DFLAG_FIRST -run library.pml     "published" before the centre's commit: a row is lost
 *
 * There is no periodic reading here: the flags alone must do.
 */
#ifndef CHANGES
#define CHANGES 3
#endif
#ifndef KILLS
#define KILLS 2
#endif

/* The node's database. Each atomic step is a transaction. */
byte changed = 0;      /* the node's counter, and the row's revision */
byte signalled = 0;
byte published = 0;
bool unsent = false, unpublished = false;   /* what booleans would be */

/* The central database. */
byte stored = 0;       /* the revision that the centre has; 0 for none */
byte wanted = 0, seen = 0;

byte kills = 0;

#ifdef BOOLEAN_SIGNAL
#define UNSENT unsent
#else
#define UNSENT (signalled < changed)
#endif
#ifdef BOOLEAN_DATA
#define UNPUBLISHED unpublished
#else
#define UNPUBLISHED (published < changed)
#endif

/* Writes the row: a recording begins, ends, is renamed, is deleted. */
proctype Writer() {
    do
    :: changed < CHANGES -> atomic { changed++; unsent = true; unpublished = true }
    :: else -> break
    od
}

/* The node's timer. */
proctype Sender() {
    byte c;
end:
    do
    :: UNSENT ->
        c = changed;
        /* The centre takes the signal, in its own database; its answer may be lost, or the node killed: it is sent again. */
        atomic { if :: c > wanted -> wanted = c :: else fi };
        if
        :: kills < KILLS -> kills++
        :: true ->
#ifdef BOOLEAN_SIGNAL
            unsent = false
#else
            atomic { if :: signalled < c -> signalled = c :: else fi }
#endif
        fi
    od
}

#ifdef BOOLEAN_DATA
#define CONFIRM unpublished = false
#else
#define CONFIRM atomic { if :: published < r -> published = r :: else fi }
#endif
#define SAVE atomic { if :: r > stored -> stored = r :: else fi }
/* A kill of the centre: what it was about to do is forgotten. */
#define MAYBE_KILLED if :: kills < KILLS -> kills++; goto again :: true fi

/* The centre, one reader for the node. */
proctype Reader() {
    byte r, s;
again:
end:
    do
    :: wanted > seen ->
        s = changed;
        if
        :: UNPUBLISHED ->
            r = changed;
            MAYBE_KILLED;
#ifdef FLAG_FIRST
            CONFIRM; MAYBE_KILLED; SAVE;
#else
            SAVE; MAYBE_KILLED; CONFIRM;
#endif
            MAYBE_KILLED
        :: else
        fi;
        seen = s
    od
}

/* When nothing moves any more, the centre has the last change, and the flags say so. */
proctype Judge() {
    timeout -> assert(stored == CHANGES && !UNSENT && !UNPUBLISHED)
}

init { atomic { run Writer(); run Sender(); run Reader(); run Judge() } }
