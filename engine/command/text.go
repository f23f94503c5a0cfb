package command

import (
	"errors"
	"strings"

	"runbook/engine/action"
)

// Line is a command for a person, who can type it as it stands.
func Line(argv []string) string {
	words := make([]string, len(argv))
	for i, word := range argv {
		words[i] = Quote(word)
	}
	return strings.Join(words, " ")
}

// Unknowable is the note of a prediction of a command that may do anything.
func Unknowable(argv []string) string {
	return "nothing can know what this prints or changes: " + Line(argv)
}

// Exited is the error of a command that ran to its end and failed. where says where it ran, such as " in pods/web"; stderr is clean of
// secrets.
func Exited(argv []string, where string, code int, stderr string) *action.Error {
	return action.Errorf(action.CodeCommand, "%s%s exited with status %d%s", Line(argv), where, code, Ending(stderr))
}

// Here is how an error calls the machine on which this program itself runs.
const Here = "this machine"

// Missing is the error of a program that a machine does not have. on is the name of that machine for people, or Here. What to do about it is
// said as a format.
func Missing(argv []string, on, format string, args ...any) *action.Error {
	return unrunnable(action.Errorf(action.CodeNotFound, "cannot run %s: there is no such program on %s", Line(argv[:1]), on).Try(format, args...))
}

// Denied is the error of a program that nobody may run there who asked for it.
func Denied(argv []string, on string) *action.Error {
	program := Line(argv[:1])
	return unrunnable(action.Errorf(action.CodeForbidden, "cannot run %s on %s: permission denied", program, on).
		Try("look on %s whether you may execute it: ls -l %s", on, program))
}

// ErrUnrunnable is the cause of an error of a program that a machine does not have, or does not let run. The way to that machine is open.
var ErrUnrunnable = errors.New("the machine cannot run it")

func unrunnable(e *action.Error) *action.Error {
	e.Cause = ErrUnrunnable
	return e
}

// Hinted points at the commonest mistake: a command line as a single word. Clean hides secrets: one with spaces in it is not recognised
// any more when it is taken apart.
func Hinted(argv []string, e *action.Error, clean func(string) string) *action.Error {
	if len(argv) == 1 && strings.Contains(argv[0], " ") && clean(argv[0]) == argv[0] {
		words := `"` + strings.Join(strings.Fields(argv[0]), `", "`) + `"`
		return e.Try("the command is one word with spaces in it; write its words separately: { %s }", words)
	}
	return e
}

// endingLimit is how many bytes of what a command complained about stand in an error.
const endingLimit = 500

// Ending is the end of what a command complained about, for the message of an error.
func Ending(stderr string) string {
	stderr = strings.TrimSpace(stderr)
	if stderr == "" {
		return ""
	}
	if len(stderr) > endingLimit {
		stderr = "…" + strings.ToValidUTF8(stderr[len(stderr)-endingLimit:], "")
	}
	return ": " + stderr
}
